#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the project's own Python environment .venv and puts LibTorch and the Python tools into it.

    python_environment.py [--cuda | --no-cuda] [--torch VERSION] [--without-torch]

Nothing missing: no network and no time. Without a GPU only the two CUDA libraries that libtorch_cpu.so itself needs are
installed with the wheel (554 MB in all); with one, or with --cuda, all of torch's dependencies (5.5 GB).
"""

import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

SETUP = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(SETUP)
ENVIRONMENT = os.path.join(PROJECT, ".venv")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python3")
OLDEST_TORCH = "2.11"


class SetupError(Exception):
    """What cannot be done; the text says what to do."""


def say(text):
    print(f"== {text}", flush=True)


def gpu_is_there():
    """Whether this machine shows an NVIDIA GPU."""
    if os.path.exists("/dev/nvidia0"):
        return True
    program = shutil.which("nvidia-smi")
    return program is not None and subprocess.run([program, "-L"], capture_output=True, check=False).returncode == 0


def need_space(megabytes, what):
    free = shutil.disk_usage(PROJECT).free // 1_000_000
    if free < megabytes:
        raise SetupError(f"setup: {what} needs {megabytes} MB of disk, '{PROJECT}' has {free} MB free; "
                         "free some, or put the project on another disk")


def make_environment():
    """Makes .venv unless it is there and works; one whose Python is gone is made again."""
    if os.path.exists(ENVIRONMENT):
        works = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False) if os.path.exists(PYTHON) else None
        if works is not None and works.returncode == 0:
            return
        say("the environment .venv does not work any more; making it again")
        shutil.rmtree(ENVIRONMENT)
    need_space(200, "the project's Python environment")
    say(f"making the project's Python environment {ENVIRONMENT}")
    made = subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        raise SetupError(f"setup: '{sys.executable} -m venv' failed; on Debian and Ubuntu install python3-venv:\n{made.stdout}{made.stderr}")


def installed():
    """Name to version of what the environment holds; names in lower case with '-'."""
    code = "import importlib.metadata as m, json; print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
    listed = json.loads(subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True, cwd="/").stdout)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in listed.items() if name}


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version.split("+")[0])]


def is_met(requirement, have):
    """Whether `have` meets a requirement of the forms name, name==version, name>=version, name[extras]==version."""
    name, operator, version = re.match(r"([\w.-]+)(?:\[[^\]]*\])?\s*(==|>=)?\s*([\w.+]*)", requirement).groups()
    found = have.get(re.sub(r"[-_.]+", "-", name).lower())
    if found is None or operator is None:
        return found is not None
    return numbers(found) == numbers(version) if operator == "==" else numbers(found) >= numbers(version)


def requirements_in(file_name):
    with open(os.path.join(SETUP, "packages", file_name), encoding="utf-8") as file:
        lines = (line.split("#")[0].strip() for line in file)
        return [line for line in lines if line]


def pip_install(arguments, what):
    """pip with its own progress bar on a terminal, and a line each 20 s elsewhere."""
    temporary = os.path.join(ENVIRONMENT, ".tmp")  # beside the target: /tmp may be a small file system in memory
    os.makedirs(temporary, exist_ok=True)
    done = threading.Event()
    start = time.monotonic()

    def tell():
        while not done.wait(20):
            say(f"{what}: still at it after {time.monotonic() - start:.0f} s")

    if not sys.stdout.isatty():
        threading.Thread(target=tell, daemon=True).start()
    try:
        command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
        status = subprocess.run(command, env={**os.environ, "TMPDIR": temporary}, check=False).returncode
    finally:
        done.set()
        shutil.rmtree(temporary, ignore_errors=True)
    if status != 0:
        raise SetupError(
            f"setup: pip could not install {what} (its text is above). No network: connect, or set https_proxy or PIP_INDEX_URL; "
            "no space: free some disk. Then run this again; what is done stays done.")
    say(f"{what}: installed in {time.monotonic() - start:.0f} s")


def wheel_requirements():
    """The requirements that the installed torch wheel declares, without those of its extras."""
    files = glob.glob(os.path.join(ENVIRONMENT, "lib", "python3*", "site-packages", "torch-*.dist-info", "METADATA"))
    if not files:
        return []
    with open(files[0], encoding="utf-8") as file:
        declared = re.findall(r"^Requires-Dist: (.*)$", file.read().split("\n\n")[0], re.MULTILINE)
    return [line for line in declared if "extra ==" not in line]


def cuda_requirements_of_cpu_part(declared):
    """Of a wheel's requirements those with libcudart and libcupti, which libtorch_cpu.so itself needs.

    Newer wheels name one meta package with extras, older ones each library with or without a CUDA version in its name.
    """
    wanted = []
    for line in declared:
        text = line.split(";")[0].replace(" ", "")
        kit = re.match(r"cuda-toolkit\[([^\]]*)\](.*)", text)
        if kit:
            extras = [extra for extra in kit.group(1).split(",") if extra in ("cudart", "cupti")]
            if extras:
                wanted.append(f"cuda-toolkit[{','.join(extras)}]{kit.group(2)}")
        elif re.match(r"nvidia-cuda-(runtime|cupti)(-cu\d+)?(?![\w-])", text):
            wanted.append(text.replace("(", "").replace(")", ""))
    return wanted


def install_torch(version, with_cuda):
    """The torch wheel and the CUDA libraries that it needs here."""
    torch = f"torch=={version}" if version else f"torch>={OLDEST_TORCH}"
    if not is_met(torch, installed()):
        need_space(2500, "LibTorch")
        say("LibTorch (the torch wheel): 540 MB to download, 1.1 GB on disk; about 1 minute at 100 Mbit/s")
        pip_install(["--no-deps", torch], "LibTorch")
    declared = wheel_requirements()
    small = cuda_requirements_of_cpu_part(declared)
    if with_cuda:
        # Without environment markers is_met is a guess; pip itself decides, and it is asked only if one is missing.
        needed = [line.split(";")[0].strip() for line in declared if line.startswith(("nvidia-", "cuda-toolkit"))]
        libraries = cuda_libraries_missing()
        if libraries or not all(is_met(line, installed()) for line in needed):
            need_space(13000, "LibTorch with CUDA")
            say("CUDA libraries of the torch wheel: up to 3 GB to download, 5 GB on disk; about 5 minutes at 100 Mbit/s")
            pip_install([torch], "the CUDA libraries")
    elif not all(is_met(line, installed()) for line in small):
        say(f"CUDA's run-time libraries that the wheel's CPU part needs: 15 MB to download ({' '.join(small)})")
        # The wheel's other dependencies are left out on purpose, so pip need not name each as a conflict.
        pip_install(["--no-warn-conflicts", *small], "CUDA's run-time libraries")


def cuda_libraries_missing():
    """CUDA libraries that libtorch_cuda.so needs and does not find, as find_libtorch.py says."""
    command = [sys.executable, os.path.join(SETUP, "find_libtorch.py"), PROJECT, ENVIRONMENT]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return next((line.split("=", 1)[1].split() for line in lines if line.startswith("cuda_missing=")), ["libtorch"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cuda = parser.add_mutually_exclusive_group()
    cuda.add_argument("--cuda", action="store_true", default=None, help="install all CUDA libraries, GPU or not")
    cuda.add_argument("--no-cuda", dest="cuda", action="store_false", help="install none but those that the CPU part needs")
    parser.add_argument("--torch", metavar="VERSION", help=f"this version of the torch wheel (default: newest, at least {OLDEST_TORCH})")
    parser.add_argument("--without-torch", action="store_true", help="LibTorch is elsewhere: install the Python tools alone")
    arguments = parser.parse_args()
    try:
        make_environment()
        if not arguments.without_torch:
            install_torch(arguments.torch, gpu_is_there() if arguments.cuda is None else arguments.cuda)
        tools = requirements_in("python.txt")
        if not all(is_met(line, installed()) for line in tools):
            say(f"Python tools: about 30 MB to download ({' '.join(tools)})")
            pip_install(tools, "the Python tools")
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    say("Python environment: all there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
