# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# How the scripts speak; sourced, not run.

say() { printf '== %s\n' "$*"; }

# The last word of a script that cannot go on: lines on standard error, exit status 1.
fail() {
    { echo && printf '%s\n' "$@"; } >&2
    exit 1
}

# need_space FOLDER MEGABYTES WHAT: stops unless the file system of FOLDER has that much room.
need_space() {
    local free_mb
    free_mb=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    [ "${free_mb:-0}" -ge "$2" ] ||
        fail "setup: $3 needs $2 MB of disk, '$1' has ${free_mb:-0} MB free; free some, or put the project on another disk"
}
