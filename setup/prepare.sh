#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing: system packages, then the project's own Python environment with LibTorch.
#   prepare.sh [--cuda | --no-cuda] [--torch VERSION] [--libtorch PATH] [--no-system-packages]
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
project=$(dirname "$setup")

libtorch='' system_packages=yes
environment=()
while [ $# -gt 0 ]; do
    case $1 in
        --cuda | --no-cuda) environment+=("$1") ;;
        --torch) environment+=("$1" "${2:?--torch VERSION}"); shift ;;
        --libtorch) libtorch=${2:?--libtorch PATH}; shift ;;
        --no-system-packages) system_packages=no ;;
        *) fail "setup: unknown option '$1'; see --help" ;;
    esac
    shift
done

[ -w "$project" ] || fail "setup: no right to write into '$project'; copy the project to a folder of your own"
[ $system_packages = no ] || "$setup/system_packages.sh"
command -v python3 >/dev/null || fail "setup: no program 'python3'; install Python 3.9 or newer with its module venv"

[ -n "$libtorch" ] || libtorch=$(cat "$project/build/libtorch_option.txt" 2>/dev/null || true)
case $libtorch in "$project"/.venv) libtorch='' ;; esac

# LibTorch that is given, or the torch wheel of this python3, is used as it is: nothing is downloaded then.
if [ -n "$libtorch" ]; then
    python3 "$setup/find_libtorch.py" "$project" "$libtorch" >/dev/null ||
        fail "setup: the LibTorch given cannot be used (the text is above); one given earlier is forgotten with the folder build/"
    environment+=(--without-torch)
elif [ ${#environment[@]} = 0 ] && found=$(python3 "$setup/find_libtorch.py" "$project" 2>/dev/null); then
    came_from=$(sed -n 's/^came_from=//p' <<<"$found")
    case $came_from in
        *.venv*) ;;
        *) say "LibTorch: $(sed -n 's/^version=//p' <<<"$found") from $came_from"; environment+=(--without-torch) ;;
    esac
fi
python3 "$setup/python_environment.py" "${environment[@]}"
