#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds with a sanitizer what tests need, in a folder of its own, and runs them; ./test.sh does not. A report is a failure.
#   sanitize.sh address [ARGUMENT FOR meson test ...]   AddressSanitizer and UndefinedBehaviorSanitizer (build-address/)
#   sanitize.sh thread [ARGUMENT FOR meson test ...]    ThreadSanitizer (build-thread/); without arguments the tests that need no LibTorch
# As: setup/sanitize.sh address --suite unit
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
. "$setup/side_build.sh"
cd "$(dirname "$setup")"
usage() { sed -n '4,6s/^# //p' "${BASH_SOURCE[0]}"; }

case ${1:-} in
    address) sanitizers=address,undefined ;;
    thread) sanitizers=thread ;;
    --help | -h) usage; exit 0 ;;
    *) fail "sanitize: which one? '${1:-}' is none:" "$(usage)" ;;
esac
which=$1
shift
tests=("$@")
build=build-$which

# Names that a library leaves open are found in the program: the sanitizer's own.
side_build sanitize "$build" -Db_sanitize=$sanitizers -Db_lundef=false -Doptimization=1
case $which in
    address)
        export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0} # LibTorch, not built with it, is not followed
        export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
        ;;
    thread)
        # HDF5 and Boost are not built with it: what they do is not looked at, what Kith's own code does is.
        export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:ignore_noninstrumented_modules=1}
        [ ${#tests[@]} -gt 0 ] || tests=("unit 0" "unit 1")
        ;;
esac
side_tests "$build" "${tests[@]}"
