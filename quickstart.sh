#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds Kith, and trains and evaluates the quick start. Runs again at no cost, from any folder.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
. setup/messages.sh

usage() {
    cat <<'TEXT'
usage: ./quickstart.sh [options]

Installs what is missing, builds Kith into build/, and runs experiments/quickstart/experiment.toml on Fashion-MNIST.

  --setup-only            install what is missing, then stop
  --build-only            install what is missing and build, then stop
  --cuda                  install all CUDA libraries of LibTorch (default where a GPU is seen), up to 3 GB to download
  --no-cuda               do not, even where a GPU is seen
  --torch VERSION         this version of the torch wheel (default: the newest; at least 2.11)
  --libtorch PATH         LibTorch that is already here: its folder, a torch wheel's, or a Python environment's
  --no-system-packages    leave system packages alone (on systems without apt-get)
  --help                  this text

To download, where nothing is there yet: system packages (about 150 MB), LibTorch (554 MB), Python tools (30 MB).
Exit status: 0, or that of the step that failed, whose text says what to do.
TEXT
}

stop_after='' libtorch='' options=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --setup-only) stop_after=setup ;;
        --build-only) stop_after=build ;;
        --libtorch)
            [ -e "${2:-}" ] || fail "quickstart: --libtorch wants a folder, got '${2:-}'"
            libtorch=$(realpath "$2"); options+=(--libtorch "$libtorch"); shift ;;
        --torch)
            [ -n "${2:-}" ] || fail "quickstart: --torch wants a version, as 2.11.0"
            options+=(--torch "$2"); libtorch=$PWD/.venv; shift ;;
        --cuda | --no-cuda | --no-system-packages) options+=("$1") ;;
        *) usage >&2; fail "quickstart: unknown option '$1'" ;;
    esac
    shift
done

setup/prepare.sh "${options[@]}"
[ "$stop_after" != setup ] || { say "set up; ./quickstart.sh goes on from here"; exit 0; }
data=''
[ "$stop_after" = build ] || data=$(setup/fashion_mnist.sh) # before the build: what is missing is said at once
setup/build.sh "$libtorch"
[ "$stop_after" != build ] || { say "built; the program is build/host/cli/kith"; exit 0; }
say "quick start: training takes under 3 minutes on 2 cores"
exec build/host/cli/kith run experiments/quickstart/experiment.toml --set data.path="$data"
