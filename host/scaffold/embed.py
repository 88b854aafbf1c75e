#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C++ file with the texts of files, found by folder and name.

    embed.py OUT.cpp FILE...
"""

import os
import sys

HEAD = """// SPDX-License-Identifier: Apache-2.0
#include "scaffold/templates.h"

namespace kith::host {

std::string_view find_template(std::string_view path) {
"""


def main(out, paths):
    text = HEAD
    for path in paths:
        folder, name = os.path.split(path)
        key = name if os.path.basename(folder) == "templates" else os.path.basename(folder) + "/" + name
        with open(path, encoding="utf-8") as stream:
            text += f'  if (path == "{key}")\n    return R"kith_text({stream.read()})kith_text";\n'
    with open(out, "w", encoding="utf-8") as stream:
        stream.write(text + "  return {};\n}\n\n}  // namespace kith::host\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
