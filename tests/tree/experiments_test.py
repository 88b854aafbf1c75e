#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every experiment that ships has a README, and passes `kith check` where its data are at hand; every cell of every sweep
that ships resolves, full size and small.

    experiments_test.py KITH
"""

import os
import re
import subprocess
import sys

from project import PROJECT, SKIPPED, read

SWEEPS = os.path.join("experiments", "sweeps")


def settings_for(path):
    """What to set so that the experiment finds its data here; None: they are not at hand."""
    found = re.search(r'^path = "([^"]+)"', read(path), re.MULTILINE)
    if found is None:
        return []
    if os.path.isdir(os.path.join(PROJECT, os.path.dirname(path), found.group(1))):
        return []
    if "fashion-mnist" in found.group(1):
        run = subprocess.run([os.path.join(PROJECT, "setup", "fashion_mnist.sh")], capture_output=True, text=True, check=False)
        if run.returncode == 0:
            return ["--set", "data.path=" + run.stdout.strip()]
    return None


def wrong_sweeps(program):
    """How many sweeps there are, and what is wrong with them."""
    wrong = []
    names = sorted(name for name in os.listdir(os.path.join(PROJECT, SWEEPS)) if name.endswith(".toml"))
    readme = read(os.path.join(SWEEPS, "README.md"))
    for name in names:
        if f"`{name}`" not in readme:
            wrong.append(f"{SWEEPS}/README.md: {name} is not in its table")
        for size in ([], ["--small"]):
            run = subprocess.run([program, "sweep", os.path.join(PROJECT, SWEEPS, name), "--list"] + size,
                                 capture_output=True, text=True, check=False)
            if run.returncode != 0 or " runs of " not in run.stdout:
                wrong.append(f"kith sweep {name} --list {' '.join(size)}: status {run.returncode}\n{run.stderr}")
    return len(names), wrong


def main():
    program = os.path.abspath(sys.argv[1])
    names = sorted(name for name in os.listdir(os.path.join(PROJECT, "experiments"))
                   if os.path.isdir(os.path.join(PROJECT, "experiments", name))
                   and os.path.join("experiments", name) != SWEEPS)
    sweeps, wrong = wrong_sweeps(program)
    checked = skipped = 0
    for name in names:
        folder = os.path.join("experiments", name)
        for wanted in ("experiment.toml", "README.md"):
            if not os.path.isfile(os.path.join(PROJECT, folder, wanted)):
                wrong.append(f"{folder}: wants a {wanted}")
        path = os.path.join(folder, "experiment.toml")
        if not os.path.isfile(os.path.join(PROJECT, path)):
            continue
        settings = settings_for(path)
        if settings is None:
            print(f"{path}: skipped, its data are not at hand")
            skipped += 1
            continue
        run = subprocess.run([program, "check", os.path.join(PROJECT, path)] + settings, capture_output=True, text=True,
                             check=False)
        checked += 1
        if run.returncode != 0 or "this experiment can run" not in run.stdout:
            wrong.append(f"kith check {path}: status {run.returncode}\n{run.stderr}")
    print("\n".join(wrong + [f"{sweeps} sweeps and {checked} experiments checked, {skipped} skipped, {len(wrong)} wrong"]))
    if wrong or checked + skipped < 2 or sweeps < 2:
        return 1
    return SKIPPED if checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
