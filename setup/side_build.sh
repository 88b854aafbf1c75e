# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Build folders beside build/ and tools of Python's, for the linter, the sanitizers and coverage; sourced after messages.sh. The functions are
# called in the project's folder.

# side_build WHO FOLDER OPTION...: configures FOLDER, if need be, with the LibTorch of build/.
side_build() {
    local who=$1 build=$2 libtorch log
    shift 2
    [ ! -f "$build/build.ninja" ] || return 0
    libtorch=$(cat build/libtorch_option.txt 2>/dev/null || true)
    log=$build.log
    [ ! -d "$build/meson-private" ] || set -- --wipe "$@"
    meson setup "$build" -Dlibtorch="$libtorch" "$@" >"$log" ||
        fail "$who: Meson could not configure $build:" "$(tail -n 5 "$log")"
    rm -f "$log"
}

# side_tests FOLDER ARGUMENT FOR meson test...: builds what these tests need, and runs them with time for a slow build.
side_tests() {
    local build=$1
    shift
    export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
    export KITH_PYTHON=${KITH_PYTHON:-$PWD/.venv/bin/python3}
    meson test -C "$build" --print-errorlogs --no-suite lint --timeout-multiplier 10 "$@"
}

# side_tool WHO MEGABYTES: installs what setup/packages/WHO.txt names, if need be, into .venv.
side_tool() {
    local who=$1 megabytes=$2 requirement
    [ -x .venv/bin/python3 ] || fail "$who: no environment .venv; run ./quickstart.sh --setup-only first"
    requirement=$(grep -v '^#' "setup/packages/$who.txt")
    .venv/bin/python3 -c 'import sys; from importlib.metadata import version; name, wanted = sys.argv[1].split("=="); sys.exit(version(name) != wanted)' \
        "$requirement" 2>/dev/null && return
    say "$requirement: about $megabytes MB to download"
    .venv/bin/python3 -m pip install -q --disable-pip-version-check "$requirement" || fail "$who: pip could not install $requirement"
}
