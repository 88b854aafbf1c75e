#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the line coverage of each folder of host/, of the SDK, and of all, from what `gcovr --json-summary` wrote.

    coverage_by_folder.py coverage.json [LEAST]

Below the table stand the files with the most lines that were not run. Exit status: 0 if at least LEAST percent (85) of all
lines were run.
"""

import json
import sys

WORST = 12  # files named below the table


def folder_of(path):
    """host/data/loader.cpp belongs to host/data; the SDK is one."""
    parts = path.split("/")
    return "sdk" if parts[0] == "sdk" else "/".join(parts[:2])


def percent(run, lines):
    return 100.0 * run / lines if lines else 100.0


def table(files):
    """(what, lines, lines run) of each folder, sorted, then of host and sdk, then of all."""
    sums = {}
    for file in files:
        path = file["filename"]
        for name in {folder_of(path), path.split("/")[0], "all"}:
            lines, run = sums.get(name, (0, 0))
            sums[name] = (lines + file["line_total"], run + file["line_covered"])
    totals = [name for name in ("host", "sdk", "all") if name in sums]
    return [(name, *sums[name]) for name in sorted(set(sums) - set(totals)) + totals]


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: coverage_by_folder.py coverage.json [LEAST]", file=sys.stderr)
        return 2
    least = float(arguments[1]) if len(arguments) == 2 else 85.0
    with open(arguments[0], encoding="utf-8") as file:
        files = json.load(file)["files"]
    rows = table(files)
    if not rows:
        print("coverage: no file was measured", file=sys.stderr)
        return 1
    print(f"{'folder':<20}{'lines':>8}{'run':>8}")
    for name, lines, run in rows:
        print(f"{name:<20}{lines:>8}{percent(run, lines):>7.1f}%")
    missed = sorted(files, key=lambda f: f["line_covered"] - f["line_total"])[:WORST]
    print("\nlines that were not run, the most in:")
    for file in missed:
        if file["line_total"] > file["line_covered"]:
            print(f"  {file['filename']}: {file['line_total'] - file['line_covered']} of {file['line_total']}")
    _, lines, run = rows[-1]
    if percent(run, lines) < least:
        print(f"coverage: {percent(run, lines):.1f} % of the lines of host/ and sdk/ were run, wanted are {least:g} %", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
