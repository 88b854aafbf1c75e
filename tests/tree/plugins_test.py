#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every plugin that ships exports its entry and nothing else, and the program finds and accepts it.

    plugins_test.py KITH PLUGIN.so...
"""

import os
import re
import subprocess
import sys
import unittest

from project import plugin_folders

ENTRY = "kith_plugin_entry_v1"
STANDARD = re.compile(r"_Z(Z*)(T[VISTt])?N?K?(St|9__gnu_cxx|S[absiod])")  # mangled names in std:: and __gnu_cxx::


class PluginsTest(unittest.TestCase):
    program = ""
    plugins = []

    def test_each_exports_one_symbol(self):
        for plugin in self.plugins:
            with self.subTest(plugin=os.path.basename(plugin)):
                lines = subprocess.run(["nm", "-D", "--defined-only", plugin], capture_output=True, text=True,
                                       check=True).stdout.splitlines()
                symbols = [line.split()[-2:] for line in lines]  # type, name
                unique = [name for kind, name in symbols if kind == "u"]
                self.assertEqual(unique, [], "unique symbols meet those of other plugins; build with -fno-gnu-unique")
                # What templates of the standard library leave is weak, and of its namespaces.
                own = [name for kind, name in symbols if not (kind in "VW" and STANDARD.match(name))]
                self.assertEqual(own, [ENTRY])

    def test_there_is_one_for_each_folder(self):
        self.assertEqual(sorted(os.path.splitext(os.path.basename(plugin))[0] for plugin in self.plugins),
                         sorted(os.path.basename(folder) for folder in plugin_folders()))

    def test_the_program_finds_and_accepts_each(self):
        for plugin in self.plugins:
            with self.subTest(plugin=os.path.basename(plugin)):
                run = subprocess.run([self.program, "plugin", "inspect", plugin], capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn("this host loads it", run.stdout)


if __name__ == "__main__":
    PluginsTest.program, *PluginsTest.plugins = [os.path.abspath(path) for path in sys.argv[1:]]
    unittest.main(argv=sys.argv[:1])
