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
build='build-coverage'
side_tool coverage 15

status=0
if [ "${1:-}" != --report ]; then
    tests=("$@")
    [ $# -gt 0 ] || tests=(--suite unit --suite integration --no-suite tree)
    # Without optimisation: a line that was merged into another would count as not run.
    side_build coverage $build -Db_coverage=true -Doptimization=0
    find $build -name '*.gcda' -delete
    # A plugin whose bits are flipped would write its counts over others', or into a folder of a flipped name.
    export GTEST_FILTER=${GTEST_FILTER:--DamagedFileTest.*}
    side_tests $build "${tests[@]}" || status=1
fi
say "counting; a minute or more"
# A line of a template counts once, however many plugins it is compiled for.
.venv/bin/python3 -m gcovr --root . --object-directory $build --filter host/ --filter sdk/ -j "$(nproc)" \
    --merge-lines --gcov-ignore-parse-errors=suspicious_hits.warn_once_per_file --json-summary $build/coverage.json --html-details $build/coverage.html $build
.venv/bin/python3 setup/coverage_by_folder.py $build/coverage.json || status=1
exit $status
