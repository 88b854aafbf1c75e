# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Build folders beside build/, for the linter, the sanitizers and coverage; sourced after messages.sh, from the project's folder.

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
