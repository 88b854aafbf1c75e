#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build_fuzzer.sh CLANG SOURCE_TREE OUTPUT ENTRY.cpp "HOST_FOLDER ..." HOST_FILE...
# All sources of the folders of host/, and the files, with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
set -eu
clang=$1 tree=$2 output=$3 entry=$4 folders=$5
shift 5
sources=
for folder in $folders; do
    for file in "$tree/host/$folder"/*.cpp; do sources="$sources $file"; done
done
for file in "$@"; do sources="$sources $tree/host/$file"; done
# shellcheck disable=SC2086 # a list of words
# Without `unreachable`: toml++ 3.3 says so of a branch that any letter beyond ASCII outside a text takes.
exec "$clang" -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize=unreachable -fno-sanitize-recover=all \
    -I "$tree/host" -I "$tree/sdk/include" "$entry" $sources -o "$output" \
    -lboost_filesystem -lcrypto -ljpeg -lpng -lz -ldl -lpthread
