#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the system packages of packages/system.txt that are missing. Nothing missing: no network, no root, no time.
# As neither root nor one who may use sudo: lists what is missing and stops.
# shellcheck disable=SC2046,SC2086 # names of packages are split at blanks on purpose
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"

listed() { sed 's/#.*//' "$setup/packages/$1" | xargs; }
is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing_of() {
    local package
    for package in "$@"; do is_installed "$package" || echo "$package"; done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail "setup: this system has no apt-get, so its packages cannot be installed by this script (known to work: Debian 12 and 13, Ubuntu 24.04)." \
        "Install what these Debian packages hold, then run again with --no-system-packages:" \
        "  $(listed system.txt)"
fi

missing=$(missing_of $(listed system.txt) | xargs)
optional=$(missing_of $(listed system_optional.txt) | xargs)
[ -n "$missing$optional" ] || { say "system packages: all there"; exit 0; }

as_root=()
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        as_root=(sudo)
    elif [ -n "$missing" ]; then
        fail "setup: system packages are missing, and this user is neither root nor allowed to use sudo. Have them installed:" \
            "  apt-get update && apt-get install $missing $optional"
    else
        say "system packages: all there but the optional $optional"
        exit 0
    fi
fi

# Optional packages that no system source has are asked for again only with the next missing one.
if [ -z "$missing" ] && ! apt-cache show $optional >/dev/null 2>&1 && [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ]; then
    say "system packages: all there; this system has no $optional"
    exit 0
fi

say "system packages to install: $missing $optional"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
"${as_root[@]}" apt-get update -q -o APT::Update::Error-Mode=any ||
    "${as_root[@]}" apt-get update -q ||
    fail "setup: 'apt-get update' failed (its text is above); is the network there, and are the sources in /etc/apt right?"
for package in $optional; do
    apt-cache show "$package" >/dev/null 2>&1 && missing+=" $package"
done
if [ -z "${missing// /}" ]; then
    say "system packages: this system has no $optional"
    exit 0
fi
plan=$(apt-get install --assume-no --no-install-recommends $missing 2>&1 || true)
grep -E '^(Need to get|After this)' <<<"$plan" || true
say "this takes one to three minutes at 100 Mbit/s"
need_space / 1500 "installing the system packages"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing ||
    fail "setup: apt-get could not install the packages (its text is above)." \
        "'Unable to locate package': on Ubuntu enable the component universe (add-apt-repository universe), then run this again." \
        "'Unable to fetch' or 'No space left': see to the network or the disk, then run this again; what is done stays done."
