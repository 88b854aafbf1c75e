# SPDX-License-Identifier: Apache-2.0
"""What the set-up scripts decide: which LibTorch, which packages, how many tests."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

SETUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "setup")
sys.path.insert(0, SETUP)

import count_tests  # noqa: E402
import coverage_by_folder  # noqa: E402
import find_libtorch  # noqa: E402
import python_environment  # noqa: E402

GTEST = """[==========] Running 3 tests from 1 test suite.
[ RUN      ] ATest.One
[       OK ] ATest.One (0 ms)
[ RUN      ] ATest.Two
[  SKIPPED ] ATest.Two (0 ms)
[ RUN      ] ATest.Three
"""
GTEST_END = """[       OK ] ATest.Three (1 ms)
[==========] 3 tests from 1 test suite ran. (1 ms total)
[  PASSED  ] 2 tests.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] ATest.Two
"""
GTEST_FAILED_END = """[  FAILED  ] ATest.Three, where GetParam() = 3 (1 ms)
[==========] 3 tests from 1 test suite ran. (1 ms total)
[  PASSED  ] 1 test.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] ATest.Three, where GetParam() = 3
"""


class CountTestsTest(unittest.TestCase):
    def test_counts_the_cases_of_a_program_that_passed(self):
        self.assertEqual(count_tests.count({"result": "OK", "stdout": GTEST + GTEST_END}), (2, 0, 1))

    def test_counts_a_failed_case_once(self):
        self.assertEqual(count_tests.count({"result": "FAIL", "stdout": GTEST + GTEST_FAILED_END}), (1, 1, 1))

    def test_counts_a_crash_as_a_failure_beside_the_cases_before_it(self):
        self.assertEqual(count_tests.count({"result": "FAIL", "stdout": GTEST}), (1, 1, 1))

    def test_counts_a_crash_and_a_failed_case_before_it(self):
        output = GTEST + "[  FAILED  ] ATest.Three (1 ms)\n[ RUN      ] ATest.Four\n"
        self.assertEqual(count_tests.count({"result": "FAIL", "stdout": output}), (1, 2, 1))

    def test_counts_a_program_without_output_that_ran_past_its_time(self):
        self.assertEqual(count_tests.count({"result": "TIMEOUT", "stdout": None}), (0, 1, 0))

    def test_counts_a_failure_after_the_last_case(self):
        self.assertEqual(count_tests.count({"result": "FAIL", "stdout": GTEST + GTEST_END}), (2, 1, 1))

    def test_counts_other_programs_as_one(self):
        self.assertEqual(count_tests.count({"result": "OK", "stdout": "fine"}), (1, 0, 0))
        self.assertEqual(count_tests.count({"result": "SKIP", "stdout": ""}), (0, 0, 1))

    def test_fails_where_nothing_ran(self):
        program = os.path.join(SETUP, "count_tests.py")
        ran = subprocess.run([sys.executable, program, "/nonexistent.json"], capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (1, "0 passed, 1 failed, 0 skipped\n"))

    def test_sums_over_a_log(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as log:
            for entry in [{"result": "OK", "stdout": GTEST + GTEST_END}, {"result": "OK", "stdout": ""}]:
                log.write(json.dumps(entry) + "\n")
            log.flush()
            program = os.path.join(SETUP, "count_tests.py")
            ran = subprocess.run([sys.executable, program, log.name], capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (0, "3 passed, 0 failed, 1 skipped\n"))


class CoverageByFolderTest(unittest.TestCase):
    FILES = [{"filename": "host/data/a.cpp", "line_total": 10, "line_covered": 7},
             {"filename": "host/data/deep/b.cpp", "line_total": 30, "line_covered": 30},
             {"filename": "host/cli/c.cpp", "line_total": 20, "line_covered": 20},
             {"filename": "sdk/include/kith/d.hpp", "line_total": 40, "line_covered": 20}]

    def run_on(self, *arguments):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as summary:
            json.dump({"files": self.FILES}, summary)
            summary.flush()
            program = os.path.join(SETUP, "coverage_by_folder.py")
            return subprocess.run([sys.executable, program, summary.name, *arguments], capture_output=True, text=True, check=False)

    def test_sums_by_folder_and_in_all(self):
        self.assertEqual(coverage_by_folder.table(self.FILES), [
            ("host/cli", 20, 20), ("host/data", 40, 37), ("host", 60, 57), ("sdk", 40, 20), ("all", 100, 77)])

    def test_names_first_the_file_that_lacks_most(self):
        self.assertIn("the most in:\n  sdk/include/kith/d.hpp: 20 of 40\n  host/data/a.cpp: 3 of 10\n", self.run_on("77").stdout)

    def test_fails_below_the_least_and_says_so(self):
        self.assertEqual(self.run_on("77").returncode, 0)
        low = self.run_on()
        self.assertEqual((low.returncode, low.stderr),
                         (1, "coverage: 77.0 % of the lines of host/ and sdk/ were run, wanted are 85 %\n"))

    def test_fails_where_nothing_was_measured(self):
        self.FILES = []
        self.assertEqual((self.run_on().returncode, self.run_on().stderr), (1, "coverage: no file was measured\n"))


def make_libtorch(root, version="2.15.0+cu132", symbols=b"_ZN3c105ErrorC2ENSt7__cxx1112basic_stringIcE"):
    """Files that look like LibTorch to the script; none is a library."""
    for folder in ["lib", "include/ATen", "include/torch/csrc/api/include"]:
        os.makedirs(os.path.join(root, folder))
    for name in ["lib/libtorch_cpu.so", "include/ATen/ATen.h"]:
        open(os.path.join(root, name), "w", encoding="utf-8").close()
    with open(os.path.join(root, "lib/libc10.so"), "wb") as file:
        file.write(symbols)
    with open(os.path.join(root, "version.py"), "w", encoding="utf-8") as file:
        file.write(f"__version__ = '{version}'\ncuda: Optional[str] = '13.2'\n")


class FindLibTorchTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.no_wheel = find_libtorch.wheel_of_python
        find_libtorch.wheel_of_python = lambda: None
        self.addCleanup(setattr, find_libtorch, "wheel_of_python", self.no_wheel)

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def test_takes_the_environment_of_the_project_last(self):
        make_libtorch(self.path(".venv/lib/python3.11/site-packages/torch"))
        lines = find_libtorch.find(self.folder.name, "")
        self.assertIn("version=2.15.0+cu132", lines)
        self.assertIn("has_cuda=false", lines)
        self.assertIn("cxx11_abi=1", lines)
        self.assertEqual(lines[-1], "came_from=the project's own environment .venv")

    def test_prefers_the_path_given_and_then_the_wheel(self):
        make_libtorch(self.path(".venv/lib/python3.11/site-packages/torch"))
        make_libtorch(self.path("wheel"), version="2.12.0")
        make_libtorch(self.path("given"), version="2.13.0")
        find_libtorch.wheel_of_python = lambda: (self.path("wheel"), "/usr/bin/python3")
        self.assertIn("version=2.12.0", find_libtorch.find(self.folder.name, ""))
        self.assertIn("version=2.13.0", find_libtorch.find(self.folder.name, self.path("given")))

    def test_passes_over_a_wheel_that_is_too_old_and_says_so(self):
        make_libtorch(self.path(".venv/lib/python3.11/site-packages/torch"))
        make_libtorch(self.path("wheel"), version="2.5.1+cu121")
        find_libtorch.wheel_of_python = lambda: (self.path("wheel"), "/usr/bin/python3")
        came_from = find_libtorch.find(self.folder.name, "")[-1]
        self.assertIn("passed over the torch wheel of /usr/bin/python3", came_from)
        self.assertIn("2.11 or newer is needed, got 2.5.1+cu121", came_from)

    def test_tells_the_old_abi(self):
        make_libtorch(self.path("torch"), symbols=b"_ZN3c105ErrorC2ESs")
        self.assertIn("cxx11_abi=0", find_libtorch.find(self.folder.name, self.path("torch")))

    def test_refuses_a_path_without_libtorch(self):
        with self.assertRaisesRegex(find_libtorch.LibTorchError, "no lib/libtorch_cpu.so in '.*nowhere'"):
            find_libtorch.find(self.folder.name, self.path("nowhere"))

    def test_names_what_an_incomplete_libtorch_lacks(self):
        make_libtorch(self.path("torch"))
        os.remove(self.path("torch/include/ATen/ATen.h"))
        with self.assertRaisesRegex(find_libtorch.LibTorchError, "ATen.h' is missing"):
            find_libtorch.find(self.folder.name, self.path("torch"))

    def test_says_how_to_get_one_where_there_is_none(self):
        with self.assertRaisesRegex(find_libtorch.LibTorchError, "quickstart.sh --setup-only"):
            find_libtorch.find(self.folder.name, "")


class RequirementsTest(unittest.TestCase):
    def test_compares_versions_by_number(self):
        have = {"torch": "2.15.0+cu132", "nvidia-cuda-runtime": "13.2.86"}
        self.assertTrue(python_environment.is_met("torch>=2.11", have))
        self.assertTrue(python_environment.is_met("torch==2.15.0", have))
        self.assertFalse(python_environment.is_met("torch==2.11.0", have))
        self.assertFalse(python_environment.is_met("torch>=2.100", have))
        self.assertTrue(python_environment.is_met("nvidia_cuda_runtime", have))
        self.assertFalse(python_environment.is_met("numpy", have))

    def test_picks_what_the_cpu_part_of_the_wheel_needs(self):
        newer = ["cuda-toolkit[cublas,cudart,cupti,nvtx]==13.2.2; platform_system == \"Linux\"", "nvidia-cudnn-cu13==9.26.0.51"]
        older = ["nvidia-cuda-runtime-cu12==12.8.90; platform_system == \"Linux\"", "nvidia-cuda-cupti-cu12 (==12.8.90)",
                 "nvidia-cuda-nvrtc-cu12==12.8.93", "sympy>=1.13.3"]
        pick = python_environment.cuda_requirements_of_cpu_part
        self.assertEqual(pick(newer), ["cuda-toolkit[cudart,cupti]==13.2.2"])
        self.assertEqual(pick(older), ["nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cuda-cupti-cu12==12.8.90"])
        self.assertEqual(pick(["filelock", "sympy>=1.13.3"]), [])


if __name__ == "__main__":
    unittest.main()
