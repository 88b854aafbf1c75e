#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Line coverage of host/ and sdk/ by the tests, in a build folder of its own (build-coverage/); ./test.sh does not measure it.
#   coverage.sh                                builds, runs the C++ tests, prints a line for each folder
#   coverage.sh [ARGUMENT FOR meson test ...]  of these tests, as: setup/coverage.sh --suite unit
#   coverage.sh --report                       only counts anew what the last tests left
# Exit status: 0 only if no test failed and at least 85 % of the lines were run. A page for each file: build-coverage/coverage.html.
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
. "$setup/side_build.sh"
case ${1:-} in --help | -h) sed -n '3,7s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
cd "$(dirname "$setup")"
[ -x .venv/bin/python3 ] || fail "coverage: no environment .venv; run ./quickstart.sh --setup-only first"
build='build-coverage'

requirement=$(grep -v '^#' setup/packages/coverage.txt)
if ! .venv/bin/python3 -m gcovr --version 2>/dev/null | grep -qF "gcovr ${requirement#*==}"; then
    say "$requirement: about 15 MB to download"
    .venv/bin/python3 -m pip install -q --disable-pip-version-check "$requirement" || fail "coverage: pip could not install $requirement"
fi

status=0
if [ "${1:-}" != --report ]; then
    tests=("$@")
    [ $# -gt 0 ] || tests=(--suite unit --suite integration --no-suite tree)
    # Without optimisation: a line that was merged into another would count as not run.
    side_build coverage $build -Db_coverage=true -Doptimization=0
    export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
    find $build -name '*.gcda' -delete
    export KITH_PYTHON=${KITH_PYTHON:-$PWD/.venv/bin/python3}
    # A plugin whose bits are flipped would write its counts over others', or into a folder of a flipped name.
    export GTEST_FILTER=${GTEST_FILTER:--DamagedFileTest.*}
    # Builds first what these tests need.
    meson test -C $build --print-errorlogs --no-suite lint --timeout-multiplier 10 "${tests[@]}" || status=1
fi
say "counting; a minute or more"
.venv/bin/python3 -m gcovr --root . --object-directory $build --filter host/ --filter sdk/ -j "$(nproc)" \
    --gcov-ignore-parse-errors=suspicious_hits.warn_once_per_file --json-summary $build/coverage.json --html-details $build/coverage.html $build
.venv/bin/python3 setup/coverage_by_folder.py $build/coverage.json || status=1
exit $status
