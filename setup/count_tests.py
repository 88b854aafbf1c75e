#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints `N passed, N failed, N skipped` for a run of `meson test`: the count of test cases, not of test programs.

    count_tests.py meson-logs/testlog.json

A GoogleTest program counts by its cases, as its own output tells them; a program that crashed, ran past its time or failed
outside its cases counts one failure more. Any other program counts one. Exit status: 0 if nothing failed and something ran.
"""

import json
import re
import sys

# The line that ends a case; the lists at the end of a run have no time.
MARK = re.compile(r"\[( {7}OK| {2}SKIPPED| {2}FAILED) +\] +\S.* \(\d+ ms\)")


def count(entry):
    """(passed, failed, skipped) of one line of Meson's log."""
    result = entry["result"]
    passed = failed = skipped = 0
    output = entry.get("stdout") or ""
    is_gtest = "[==========] Running " in output
    if is_gtest:
        for mark in MARK.findall(output):
            passed += mark.strip() == "OK"
            skipped += mark.strip() == "SKIPPED"
            failed += mark.strip() == "FAILED"
    broke = result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")
    if broke and failed == 0:
        failed = 1
    elif broke and is_gtest and not re.search(r"\[==========\] \d+ tests? from .* ran\.", output):
        failed += 1
    elif not is_gtest and not broke:
        passed += result in ("OK", "EXPECTEDFAIL")
        skipped += result == "SKIP"
    return passed, failed, skipped


def main(arguments):
    if len(arguments) != 1:
        print("usage: count_tests.py TESTLOG.json", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:
            counts = [count(json.loads(line)) for line in file if line.strip()]
    except FileNotFoundError:
        print(f"count_tests: no '{arguments[0]}': meson test did not run", file=sys.stderr)
        counts = []
    passed, failed, skipped = (sum(column) for column in zip(*counts)) if counts else (0, 1, 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
