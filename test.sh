#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs and builds what is missing, and runs every test but the linter's (setup/lint.sh). Runs again from any folder.
#   ./test.sh [ARGUMENT FOR meson test ...]     as: ./test.sh --suite unit      ./test.sh "unit 0"
# The last line is `N passed, N failed, N skipped`: test cases, not programs. Exit status: 0 only if nothing failed.
set -euo pipefail
case ${1:-} in --help | -h) sed -n '3,5s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
. setup/messages.sh

setup/prepare.sh
setup/build.sh
export KITH_PYTHON=${KITH_PYTHON:-$PWD/.venv/bin/python3}

rm -f build/*.xml build/meson-logs/testlog.json # what GoogleTest and Meson write anew
say "running the tests"
status=0
meson test -C build --no-rebuild --print-errorlogs --no-suite lint "$@" || status=$?
python3 setup/count_tests.py build/meson-logs/testlog.json || status=1
exit $status
