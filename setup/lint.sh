#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the C++ files, a suite of its own: a file with LibTorch costs some 20 s. ./test.sh does not run it.
#   lint.sh                  every file that the build compiles
#   lint.sh FILE_OR_FOLDER ...   those below these paths, as: setup/lint.sh host/config plugins/losses
set -euo pipefail
setup=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$setup/messages.sh"
. "$setup/side_build.sh"
paths=()
for path in "$@"; do paths+=("$(realpath "$path")"); done
cd "$(dirname "$setup")"
[ ${#paths[@]} -gt 0 ] || paths=("$PWD")
side_tool lint 25

# The commands of a build without precompiled headers: clang does not read g++'s.
build="build-lint"
side_build lint $build -Db_pch=false
ninja -C $build build.ninja >/dev/null

# What the build compiles, below the paths asked for.
mapfile -t files < <(.venv/bin/python3 - "$build" "${paths[@]}" <<'PYTHON'
import json, os, sys
build, paths = sys.argv[1], sys.argv[2:]
files = {os.path.realpath(os.path.join(e["directory"], e["file"])) for e in json.load(open(os.path.join(build, "compile_commands.json")))}
below = lambda file: any(file == path or file.startswith(path + "/") for path in paths)
print("\n".join(sorted(f for f in files if below(f) and f.endswith(".cpp") and f.startswith(os.getcwd() + "/"))))
PYTHON
)
[ -n "${files[0]:-}" ] || fail "lint: the build compiles no C++ file below ${paths[*]}"
say "clang-tidy over ${#files[@]} files"
# -Wno-unknown-warning-option, -Qunused-arguments: options that only g++ knows are no finding.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" .venv/bin/clang-tidy -p $build --quiet \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument --extra-arg=-Qunused-arguments 2> >(grep -v 'warnings\? generated' >&2) ||
    fail "lint: findings above"
say "lint: no findings"
