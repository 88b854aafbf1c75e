# SPDX-License-Identifier: Apache-2.0
"""Prints what Google Benchmark wrote as JSON: a line for each benchmark, its numbers by name.

usage: some_benchmark --benchmark_format=json | print_table.py TITLE
"""
import json
import sys

SKIPPED = {
    "cpu_time", "family_index", "iterations", "label", "name", "per_family_instance_index", "real_time",
    "repetition_index", "repetitions", "run_name", "run_type", "threads", "time_unit", "error_message", "error_occurred",
}


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def main():
    text = sys.stdin.read()
    if not text.strip():
        sys.exit(0)  # no benchmark of this program has a name that the filter wants
    rows = []
    failed = False
    for run in json.loads(text)["benchmarks"]:
        name = run["name"].split("/iterations:")[0]
        if run.get("error_occurred"):
            failed = True
            rows.append((name, "failed: " + run["error_message"].strip().splitlines()[-1]))
            continue
        counters = [f"{key} {number(run[key])}" for key in sorted(run) if key not in SKIPPED]
        if not counters:
            counters = [f"{number(run['real_time'])} {run['time_unit']}"]
        rows.append((name, "   ".join(counters) + ("   " + run["label"] if run.get("label") else "")))
    if rows:
        width = max(len(name) for name, _ in rows)
        print(sys.argv[1])
        for name, line in rows:
            print(f"  {name:<{width}}   {line}")
        print(flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
