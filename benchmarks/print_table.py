# SPDX-License-Identifier: Apache-2.0
"""Prints what Google Benchmark wrote as JSON: a line for each benchmark, its numbers by name.

Of several JSON documents one after the other (a program that ran in several processes) it prints the median of each number, and for those
named `above...` the lowest and highest too.

usage: some_benchmark --benchmark_format=json | print_table.py TITLE
"""
import json
import statistics
import sys

SKIPPED = {
    "cpu_time", "family_index", "iterations", "label", "name", "per_family_instance_index", "real_time",
    "repetition_index", "repetitions", "run_name", "run_type", "threads", "time_unit", "error_message", "error_occurred",
}


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def read_documents(text):
    """The runs of each JSON document in the text."""
    decoder = json.JSONDecoder()
    documents = []
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        documents.append(document["benchmarks"])
        text = text[end:]
    return documents


def counters_of(runs):
    """What one benchmark counted in each process, as text."""
    texts = []
    for key in sorted(set(runs[0]) - SKIPPED):
        values = [run[key] for run in runs]
        text = f"{key} {number(statistics.median(values))}"
        if len(runs) > 1 and key.startswith("above"):
            text += f" ({number(min(values))} to {number(max(values))})"
        texts.append(text)
    if not texts:
        texts = [f"{number(statistics.median(run['real_time'] for run in runs))} {runs[0]['time_unit']}"]
    return texts + ([f"processes {len(runs)}"] if len(runs) > 1 else [])


def main():
    by_name = {}
    for runs in read_documents(sys.stdin.read()):
        for run in runs:
            by_name.setdefault(run["name"].split("/iterations:")[0], []).append(run)
    rows = []  # none where no benchmark of this program has a name that the filter wants
    failed = False
    for name, runs in by_name.items():
        wrong = [run for run in runs if run.get("error_occurred")]
        if wrong:
            failed = True
            rows.append((name, "failed: " + wrong[0]["error_message"].strip().splitlines()[-1]))
            continue
        rows.append((name, "   ".join(counters_of(runs)) + ("   " + runs[0]["label"] if runs[0].get("label") else "")))
    if rows:
        width = max(len(name) for name, _ in rows)
        print(sys.argv[1])
        for name, line in rows:
            print(f"  {name:<{width}}   {line}")
        print(flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
