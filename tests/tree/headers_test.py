#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header of the SDK compiles alone, with the warnings that a plugin author is likely to have on.

    headers_test.py COMPILER...
"""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

from project import PROJECT, files

FLAGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", os.path.join(PROJECT, "sdk", "include")]


def complaint(compiler, header):
    """What the compiler says about a file that includes just this header, twice."""
    name = os.path.relpath(header, os.path.join("sdk", "include"))
    # The borders' C headers are C as well.
    languages = [["-std=c++20", "-x", "c++"]]
    if "/abi/" in header:
        languages.append(["-std=gnu11", "-x", "c"])
    text = ""
    for language in languages:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as source:
            source.write(f"#include <{name}>\n#include <{name}>\n")
            source.flush()
            run = subprocess.run(compiler + language + FLAGS + [source.name], capture_output=True, text=True, check=False)
            if run.returncode != 0:
                text += f"{name} ({language[0]}) does not compile alone:\n{run.stderr}\n"
    return text


def main():
    headers = files("sdk/include", endings=(".h", ".hpp"))
    if len(headers) < 15:
        sys.exit(f"headers: wanted the SDK's headers, found {len(headers)}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        complaints = [text for text in pool.map(lambda header: complaint(sys.argv[1:], header), headers) if text]
    print("".join(complaints), end="")
    print(f"{len(headers) - len(complaints)} of {len(headers)} headers compile alone")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
