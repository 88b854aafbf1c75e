#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lays out all C and C++ files with the pinned clang-format.
#   format.sh [FILE_OR_FOLDER ...]            rewrites the files that differ (default: those of the whole project)
#   format.sh --check [FILE_OR_FOLDER ...]    names them, with the differences, and exits 1; exits 77 if the pinned clang-format is not installed
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
paths=()
for path in "$@"; do paths+=("$(realpath --relative-to="$setup/.." "$path")"); done
cd "$(dirname "$setup")"
[ ${#paths[@]} -gt 0 ] || paths=(sdk host plugins tests benchmarks)
wanted=$(sed -n 's/^clang-format==//p' setup/packages/python.txt)

clang_format=''
for candidate in .venv/bin/clang-format "$(command -v clang-format || true)"; do
    # The version ends with a blank or the line: 18.1.8 is not 18.1.80.
    if [ -x "$candidate" ] && "$candidate" --version | grep -qE " version ${wanted//./\\.}( |$)"; then
        clang_format=$candidate
        break
    fi
done
if [ -z "$clang_format" ]; then
    echo "format: clang-format $wanted is not installed; ./quickstart.sh --setup-only installs it" >&2
    exit 77
fi

mapfile -d '' files < <(find "${paths[@]}" -type f \
    \( -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' \) -print0 2>/dev/null | sort -z)
[ ${#files[@]} -gt 0 ] || fail "format: no C++ file found in $PWD"
if [ $check = no ]; then
    "$clang_format" -i --style=file "${files[@]}"
    exit 0
fi
if "$clang_format" --style=file --dry-run -Werror "${files[@]}" 2>/dev/null; then
    echo "format: ${#files[@]} files as clang-format $wanted lays them out"
    exit 0
fi
differing=0
for file in "${files[@]}"; do
    if ! difference=$(diff -u "$file" <("$clang_format" --style=file "$file") --label "$file" --label "$file as laid out"); then
        differing=$((differing + 1))
        head -n 20 <<<"$difference"
    fi
done
echo "format: $differing of ${#files[@]} files are laid out otherwise; setup/format.sh rewrites them"
exit 1
