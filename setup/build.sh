#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Configures the folder build/, if need be, and builds what is in it.
#   build.sh [LIBTORCH]     LIBTORCH: as the build option -Dlibtorch; remembered in build/ until another is given
# KITH_TARGETS: what to build (default: all, which is everything but the benchmarks), as "all benchmarks"
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
cd "$(dirname "$setup")"
build=build
libtorch_option=${1:-$(cat $build/libtorch_option.txt 2>/dev/null || true)}

# ccache stores nothing that uses a precompiled header without these.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
# A user without a home folder that can be written has the compiler cache in the project.
if [ -z "${CCACHE_DIR:-}" ] && ! mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/ccache" 2>/dev/null; then
    export CCACHE_DIR=$PWD/.cache/ccache
fi
for program in meson ninja python3 "${CXX:-c++}"; do
    command -v "${program%% *}" >/dev/null || fail "setup: no program '$program'; run ./quickstart.sh --setup-only, which installs it"
done

# The same LibTorch counts as the same, whichever way it was found.
libtorch=$(python3 setup/find_libtorch.py "$PWD" "$libtorch_option" | grep -v '^came_from=') ||
    fail "setup: no LibTorch to build with (the text is above; a -Dlibtorch given earlier is forgotten with the folder build/)"
need_space . 3000 "building"
options=(-Dlibtorch="$libtorch_option")
if [ ! -f $build/build.ninja ]; then
    # A configuration that broke off leaves a folder that Meson will not configure again without --wipe.
    [ -d $build/meson-private ] && options+=(--wipe)
    say "configuring $build/"
    meson setup $build "${options[@]}" || fail "setup: Meson could not configure the build (its text is above; all of it: build/meson-logs/meson-log.txt)"
elif [ "$libtorch" != "$(cat $build/libtorch.txt 2>/dev/null)" ]; then
    say "another LibTorch than $build/ was made for: building anew"
    meson setup $build --wipe "${options[@]}" || fail "setup: Meson could not configure the build (its text is above)"
fi
printf '%s\n' "$libtorch" >$build/libtorch.txt
printf '%s' "$libtorch_option" >$build/libtorch_option.txt

# A LibTorch file takes up to 2 GB to compile.
memory_gb=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
jobs=$(nproc)
[ "$jobs" -le $((memory_gb / 2)) ] || jobs=$((memory_gb / 2 > 0 ? memory_gb / 2 : 1))
say "building, $jobs at a time; the first time it takes some 6 minutes on 2 cores, with a full ccache 1 minute"
# shellcheck disable=SC2086 # several targets in one word
ninja -C $build -j "$jobs" ${KITH_TARGETS:-all} || fail "setup: the build failed; the first error stands above"
