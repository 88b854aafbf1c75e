#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# codespell over the project's own text; exits 77 if the environment .venv has none.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."
codespell=.venv/bin/codespell
if [ ! -x $codespell ]; then
    echo "spelling: codespell is not installed; ./quickstart.sh --setup-only installs it" >&2
    exit 77
fi
paths=()
# Not tests: they misspell on purpose.
for path in sdk host plugins benchmarks experiments setup README.md meson.build quickstart.sh test.sh; do
    [ ! -e $path ] || paths+=("$path")
done
exec $codespell --ignore-words-list nce,nd,inout,deques,kown --skip 'pairs.tsv,*.gz,*.png,*.jpg,*.h5,__pycache__' "${paths[@]}"
