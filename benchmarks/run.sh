#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds what is missing, runs every benchmark on one core, and prints the machine and a table.
#   benchmarks/run.sh [FILTER]      FILTER: a regular expression over the names, as: benchmarks/run.sh 'frequent|other'
# KITH_BUILD: a build folder, taken as it is (default: build/, which is brought up to date first). KITH_PYTHON: a Python with torch and
# torchvision, which the start of `kith` is compared with (default: python3). CORE: the core to use (default: the last one).
set -euo pipefail
case ${1:-} in --help | -h) sed -n '3,6s/^# \?//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."
filter=${1:-.}
build=${KITH_BUILD:-build}
core=${CORE:-$(($(nproc --all) - 1))}
export KITH_PYTHON=${KITH_PYTHON:-python3}

programs=(border_benchmark start_benchmark augment_benchmark storage_benchmark)
[ -n "${KITH_BUILD:-}" ] || KITH_TARGETS="all benchmarks" setup/build.sh >&2

printf 'machine   %s, %s cores, %s GB; core %s used\n' "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1)" \
    "$(nproc --all)" "$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" "$core"
printf 'system    %s, %s\n' "$(. /etc/os-release && echo "$PRETTY_NAME")" "$("${CXX:-g++}" --version | head -1)"
printf 'LibTorch  %s\n' "$(sed -n 's/.*KITH_LIBTORCH_VERSION "\(.*\)".*/\1/p' "$build/host/build_facts.h")"
printf 'commit    %s\n' "$(git describe --always --dirty 2>/dev/null || echo unknown)"
printf 'date      %s, load %s\n\n' "$(date -u +%F)" "$(cut -d' ' -f1-3 /proc/loadavg)"

# One program after the other: they time, so that they must not run beside each other.
for program in "${programs[@]}"; do
    [ -x "$build/benchmarks/$program" ] || { echo "$program: not built; Google Benchmark is missing" >&2; exit 1; }
    taskset -c "$core" "$build/benchmarks/$program" --benchmark_filter="$filter" --benchmark_counters_tabular=true \
        --benchmark_format=json | python3 benchmarks/print_table.py "$program"
done
