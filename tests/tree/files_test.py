#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What holds for the project's files: sizes, READMEs, which way includes point, texts that must not stand anywhere."""

import collections
import os
import re
import statistics
import unittest

from project import CODE, PROJECT, SOURCE, files, plugin_folders, read, top_files

LONGEST = 400  # lines of a source file
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
LIBTORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
TORCH_FREE = ("sdk", "plugins", "host/config", "host/plugin", "host/data", "host/augment", "host/store",
              "host/scaffold", "host/sweep", "host/digest", "host/process")
# Methods and losses, shipped or to come: the host and the SDK know none by name.
# "self-supervised" names the field, not a method.
NAMES = re.compile(r"simclr|moco|byol|simsiam|swav|dino|instdisc|invaspread|barlow|vicreg|(?<!self-)supervised|"
                   r"nt_xent|info_nce|instance_softmax|negative_cosine|normalised_mse", re.IGNORECASE)
OWN_NAMESPACE = re.compile(r"^namespace \{\n.*?^\}  // namespace$", re.DOTALL | re.MULTILINE)
TYPE = re.compile(r"^(?:class|struct|enum class) ([\w:]+)[^;\n]*\{", re.MULTILINE)
# A constant, a type or a function that a test file keeps to itself.
OWN_NAME = re.compile(r"^(?:constexpr|const)\b[^=({\n]*\b(k[A-Z]\w*)|^(?:class|struct) (\w+)|^[A-Za-z][\w:<>,&* ]* (\w+\([^)]*\))[^;{]*\{",
                      re.MULTILINE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|[Pp]laceholder|[Nn]ot (yet )?implemented)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|farm|Users)/|(?<![\w.])/home/\w|/tmp/(build|venv|ccache)")
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', re.DOTALL)


def without_comments(code):
    """Code with its comments blanked; texts in quotes stay, whatever is in them."""
    return COMMENT.sub(lambda m: m.group(1) or "\n" * m.group(0).count("\n"), code)


def includes(path):
    """(opening mark, name) of each include of a file."""
    return INCLUDE.findall(read(path))


class FilesTest(unittest.TestCase):
    def refuse(self, found, rule):
        self.assertFalse(found, rule + ":\n  " + "\n  ".join(found))

    def test_source_files_are_short(self):
        long = [f"{path}: {lines} lines" for path in files("host", "sdk", "plugins", "tests", "benchmarks", endings=SOURCE)
                if (lines := read(path).count("\n")) > LONGEST]
        self.refuse(long, f"a source file has at most {LONGEST} lines")

    def test_every_method_is_readable_beside_its_paper(self):
        long = [f"{path}: {lines} lines" for path in files("plugins/methods", endings=CODE)
                if (lines := read(path).count("\n")) > 120]
        self.refuse(long, "the file of a method has at most 120 lines")

    def test_the_median_method_has_at_most_100_lines(self):
        lines = collections.Counter()
        for path in files("plugins/methods", endings=(".cpp",)):
            lines[os.path.dirname(path)] += read(path).count("\n")
        self.assertGreaterEqual(len(lines), 7)
        self.assertLessEqual(statistics.median(lines.values()), 100, f"lines of .cpp a method: {dict(lines)}")

    def test_every_plugin_has_a_readme(self):
        self.assertGreaterEqual(len(plugin_folders()), 10)
        self.refuse([folder for folder in plugin_folders()
                     if not os.path.isfile(os.path.join(PROJECT, folder, "README.md"))], "a plugin's folder has a README.md")

    def test_every_source_file_names_its_licence(self):
        self.refuse([path for path in files(endings=CODE + (".py", ".sh"))
                     if "SPDX-License-Identifier: Apache-2.0" not in read(path)[:300]], "a source file begins with its licence")

    def test_torch_free_folders_include_no_libtorch(self):
        self.refuse([f"{path}: {name}" for path in files(*TORCH_FREE, endings=CODE) for _, name in includes(path)
                     if LIBTORCH.match(name)], "no LibTorch in " + ", ".join(TORCH_FREE))

    def test_a_type_of_the_host_is_defined_once(self):
        """Two types of one name in one program are one to the linker, which keeps either's functions."""
        places = {}
        for path in files("host", endings=CODE):
            for name in TYPE.findall(without_comments(OWN_NAMESPACE.sub("", read(path)))):
                places.setdefault(name, []).append(path)
        self.assertGreater(len(places), 100)
        self.refuse([f"{name}: {', '.join(paths)}" for name, paths in places.items() if len(paths) > 1],
                    "a type outside a file's own namespace has one definition")

    def test_what_a_test_file_keeps_to_itself_has_a_name_of_its_own(self):
        owners = collections.defaultdict(set)
        for path in files("tests", endings=(".cpp",)):
            code = without_comments(read(path))
            outer = re.search(r"^namespace (kith[\w:]*) \{", code, re.MULTILINE)
            for body in OWN_NAMESPACE.findall(code) if outer else []:
                for match in OWN_NAME.finditer(body):
                    owners[outer.group(1), next(filter(None, match.groups()))].add(path)
        self.refuse([f"{name} in {', '.join(sorted(paths))}" for (_, name), paths in owners.items() if len(paths) > 1],
                    "test files are compiled several at a time (tests/meson.build), so no two have the same name of their own")

    def test_plugins_include_the_sdk_and_nothing_else(self):
        wrong = []
        for path in files("plugins", endings=CODE):
            for mark, name in includes(path):
                here = os.path.isfile(os.path.join(PROJECT, os.path.dirname(path), name))
                own = mark == '"' and "/" not in name and here
                if not (own or (mark == "<" and ("/" not in name or name.startswith("kith/")))):
                    wrong.append(f"{path}: {name}")
        self.refuse(wrong, "a plugin includes <kith/...>, the standard library and files of its own folder")

    def test_the_sdk_includes_only_itself(self):
        self.refuse([f"{path}: {name}" for path in files("sdk", endings=CODE) for mark, name in includes(path)
                     if (mark == '"' and "/" in name) or (mark == "<" and "/" in name and not name.startswith("kith/"))],
                    "a header of the SDK includes <kith/...> and the standard library")

    def test_host_and_sdk_name_no_method_and_no_loss(self):
        """In code and its texts. A comment may: it says where a form comes from."""
        found = []
        for path in files("host", "sdk", endings=CODE):
            found += [f"{path}:{number}: {line.strip()}"
                      for number, line in enumerate(without_comments(read(path)).split("\n"), 1) if NAMES.search(line)]
        self.refuse(found, "outside comments the host and the SDK name no method and no loss")

    def test_nothing_is_left_unfinished(self):
        self.refuse(self.lines_with(UNFINISHED), "finished work has none of these words")

    def test_no_file_names_a_folder_of_one_machine(self):
        self.refuse(self.lines_with(MACHINE_PATH), "a path of one machine helps nobody else")

    def lines_with(self, pattern):
        this = os.path.relpath(os.path.abspath(__file__), PROJECT)
        readable = SOURCE + (".md", ".toml", ".txt", ".sha256", ".in")
        found = []
        for path in files(endings=readable) + top_files():
            if path != this:
                found += [f"{path}:{number}: {line.strip()}"
                          for number, line in enumerate(read(path).split("\n"), 1) if pattern.search(line)]
        return found


if __name__ == "__main__":
    unittest.main()
