#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds LibTorch for the build and says what it is, one `key=value` a line.

    find_libtorch.py SOURCE_ROOT [PATH]

Looked at in this order: PATH (the option -Dlibtorch), the `torch` wheel of the `python3` on the search path, the project's
own environment SOURCE_ROOT/.venv. PATH may be a LibTorch folder, a site-packages folder or a Python environment.
A PATH without LibTorch is an error, never a reason to look elsewhere. Nothing of torch is imported or run.

Keys: root, include (may repeat), lib, version, has_cuda (true, false), cuda_version (empty without CUDA), cuda_missing (the
CUDA libraries that are not installed, with blanks), cxx11_abi (0, 1), came_from.
"""

import glob
import os
import re
import shutil
import subprocess
import sys

OLDEST = (2, 11)


class LibTorchError(Exception):
    """No LibTorch, or one that cannot be used; the text says what to do."""


def libtorch_in(folder):
    """The LibTorch root at, or a known way below, `folder`; None if there is none."""
    below = ["", "torch", "libtorch", "lib/python3*/site-packages/torch", "lib/python3*/dist-packages/torch"]
    for pattern in below:
        for root in sorted(glob.glob(os.path.join(glob.escape(folder), pattern))):
            if os.path.isfile(os.path.join(root, "lib", "libtorch_cpu.so")):
                return os.path.abspath(root)
    return None


def wheel_of_python():
    """(root, python) of the torch wheel that `python3` would import, or None."""
    python = shutil.which("python3")
    if python is None:
        return None
    # -c puts the current folder on the path of modules: run in / so that no folder named torch is taken for the wheel.
    code = "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd="/", check=False)
    folder = found.stdout.strip()
    root = libtorch_in(folder) if found.returncode == 0 and folder else None
    return (root, python) if root else None


def find(source_root, path):
    """The lines that describe the LibTorch to build with; LibTorchError if there is none."""
    if path:
        root = libtorch_in(os.path.expanduser(path))
        if root is None:
            raise LibTorchError(
                f"libtorch: no lib/libtorch_cpu.so in '{path}' (option -Dlibtorch); give the folder of LibTorch, "
                "of a torch wheel, or of a Python environment that has one")
        return describe(root, "-Dlibtorch")
    passed_over = ""
    wheel = wheel_of_python()
    if wheel:
        came_from = f"the torch wheel of {wheel[1]}"
        try:
            return describe(wheel[0], came_from)
        except LibTorchError as error:
            passed_over = f"; passed over {came_from}: {error}"
    environment = os.path.join(source_root, ".venv")
    root = libtorch_in(environment)
    if root:
        return describe(root, f"the project's own environment .venv{passed_over}")
    raise LibTorchError(
        "libtorch: not found: no -Dlibtorch=PATH given, no torch wheel that serves in "
        f"'{shutil.which('python3') or 'python3'}', none in '{environment}'; "
        f"run ./quickstart.sh --setup-only, which installs it there{passed_over}")


def read(path):
    """The text of a file, empty if it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def version_of(root):
    """As '2.15.0+cu132'; from the wheel's version.py or the zip's build-version."""
    match = re.search(r"^__version__ = '([^']+)'", read(os.path.join(root, "version.py")), re.MULTILINE)
    version = match.group(1) if match else read(os.path.join(root, "build-version")).strip()
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers:
        raise LibTorchError(f"libtorch: '{root}' has neither version.py nor build-version, so it has no known version")
    if (int(numbers.group(1)), int(numbers.group(2))) < OLDEST:
        raise LibTorchError(f"libtorch: version {OLDEST[0]}.{OLDEST[1]} or newer is needed, got {version} ({root})")
    return version


def cuda_version_of(root):
    """As '13.2'; empty if the wheel does not say."""
    match = re.search(r"^cuda[^=]*= '([^']+)'", read(os.path.join(root, "version.py")), re.MULTILINE)
    return match.group(1) if match else ""


def cxx11_abi_of(root):
    """1 if LibTorch passes std::string of the C++11 ABI, read from the names of c10's functions; else 0."""
    with open(os.path.join(root, "lib", "libc10.so"), "rb") as file:
        return 1 if re.search(rb"_ZN3c10\w*NSt7__cxx1112basic_string", file.read()) else 0


def missing_libraries(library):
    """Names of the shared libraries that `library` needs and the dynamic loader does not find."""
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    text = subprocess.run([ldd, library], capture_output=True, text=True, check=False).stdout
    return re.findall(r"^\s*(\S+) => not found", text, re.MULTILINE)


def describe(root, came_from):
    """The lines to print; LibTorchError if this LibTorch cannot be used."""
    lib = os.path.join(root, "lib")
    includes = [os.path.join(root, "include"), os.path.join(root, "include", "torch", "csrc", "api", "include")]
    for needed in [os.path.join(lib, "libc10.so"), os.path.join(includes[0], "ATen", "ATen.h"), *includes]:
        if not os.path.exists(needed):
            raise LibTorchError(f"libtorch: '{needed}' is missing, so this LibTorch is not complete ({came_from}); install it again")
    missing = missing_libraries(os.path.join(lib, "libtorch_cpu.so"))
    if missing:
        raise LibTorchError(
            f"libtorch: libtorch_cpu.so needs {', '.join(missing)}, which the loader does not find ({root}, {came_from}); "
            "for libcudart and libcupti install nvidia-cuda-runtime and nvidia-cuda-cupti beside torch "
            "(./quickstart.sh --setup-only does so in the project's own environment)")
    cuda_library = os.path.join(lib, "libtorch_cuda.so")
    has_cuda = os.path.isfile(cuda_library)
    return [
        f"root={root}",
        *[f"include={folder}" for folder in includes],
        f"lib={lib}",
        f"version={version_of(root)}",
        f"has_cuda={'true' if has_cuda else 'false'}",
        f"cuda_version={cuda_version_of(root) if has_cuda else ''}",
        f"cuda_missing={' '.join(missing_libraries(cuda_library)) if has_cuda else ''}",
        f"cxx11_abi={cxx11_abi_of(root)}",
        f"came_from={came_from}",
    ]


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: find_libtorch.py SOURCE_ROOT [PATH]", file=sys.stderr)
        return 2
    try:
        print("\n".join(find(arguments[0], arguments[1] if len(arguments) == 2 else "")))
    except LibTorchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
