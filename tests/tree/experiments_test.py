#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every folder of experiments has a README, every experiment passes `kith check`, and every cell of every sweep resolves, full
size and small; on the emoji, which all small sweeps take but those with data of their own, no queue holds more than a quarter
of the images.

    experiments_test.py KITH

One whose data are not at hand is checked on a cut of the same form, with a batch that the cut can fill. A file without a
name is a base that others are laid over.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from project import PROJECT, SKIPPED, read

EXPERIMENTS = os.path.join(PROJECT, "experiments")
CUT_BATCH = 8
SWEEPS = os.path.join("experiments", "sweeps")


def make_cifar10(folder):
    os.makedirs(folder)
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        with open(os.path.join(folder, name), "wb") as file:
            for i in range(2 * CUT_BATCH):
                file.write(bytes([i % 10]) + bytes((i + k) % 256 for k in range(3072)))
    with open(os.path.join(folder, "batches.meta.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(f"class{i}" for i in range(10)) + "\n")


def make_image_folder(folder, splits):
    emoji = os.path.join(EXPERIMENTS, "emoji", "data", "train")
    for split in splits:
        for name in sorted(os.listdir(emoji))[:2]:
            os.makedirs(os.path.join(folder, split, name))
            for file in sorted(os.listdir(os.path.join(emoji, name)))[:2 * CUT_BATCH]:
                shutil.copy(os.path.join(emoji, name, file), os.path.join(folder, split, name))


def base_of(path):
    found = re.search(r'^extends = "([^"]+)"', read(path), re.MULTILINE)
    return os.path.normpath(os.path.join(os.path.dirname(path), found.group(1))) if found else None


def data_of(path):
    """Where the experiment, or what it is laid over, says that its data are; None: it does not."""
    found = re.search(r'^(?:path|train_path) = "([^"]+?)(?:/train)?"', read(path), re.MULTILINE)
    if found:
        return os.path.normpath(os.path.join(PROJECT, os.path.dirname(path), found.group(1)))
    return data_of(base_of(path)) if base_of(path) else None


def settings_for(path, cuts):
    """What to set so that the experiment finds its data here; None: they are not at hand and have no cut."""
    data = data_of(path)
    if data is None or os.path.isdir(data):
        return []
    if "fashion-mnist" in data:
        run = subprocess.run([os.path.join(PROJECT, "setup", "fashion_mnist.sh")], capture_output=True, text=True, check=False)
        return ["--set", "data.path=" + run.stdout.strip()] if run.returncode == 0 else None
    cut = os.path.join(cuts, os.path.basename(data))
    if not os.path.isdir(cut):
        return None
    sets = [f"train.batch_size={CUT_BATCH}"]
    if re.search(r"^train_images = ", read(path), re.MULTILINE):
        sets += [f"data.train_images={CUT_BATCH}"]
    if os.path.isdir(os.path.join(cut, "val")):
        sets += [f"data.train_path={cut}/train", f"data.test_path={cut}/val"]
    else:
        sets += [f"data.path={cut}"]
    return [word for setting in sets for word in ("--set", setting)]


def long_queues(name):
    """Queues of a sweep's small size that hold more than a quarter of the emoji that are trained on."""
    text = read(os.path.join(SWEEPS, name))
    small = re.search(r'^\[small\][^\[]*?^experiment = "([^"]+)"', text, re.MULTILINE | re.DOTALL)
    if small is None:
        return None  # the small size is of the same data
    path = os.path.normpath(os.path.join(SWEEPS, small.group(1)))
    texts = [text]
    while path is not None:
        texts.append(read(path))
        path = base_of(path)
    # An axis has small values, or the same in both sizes.
    texts[0] = re.sub(r"^values = \[(?:(?!^\]).)*^\]\n(?=small_values = )", "", texts[0], flags=re.MULTILINE | re.DOTALL)
    queues = [int(size) for each in texts for size in re.findall(r"queue_size = (\d+)", each)]
    images = sum(len(files) for _, _, files in os.walk(os.path.join(EXPERIMENTS, "emoji", "data", "train")))
    return [size for size in queues if size > 0.9 * images / 4]  # a tenth is val


def wrong_sweeps(program):
    """How many sweeps there are, and what is wrong with them."""
    wrong = []
    small_ones = 0
    names = sorted(name for name in os.listdir(os.path.join(PROJECT, SWEEPS)) if name.endswith(".toml"))
    readme = read(os.path.join(SWEEPS, "README.md"))
    for name in names:
        if f"`{name}`" not in readme:
            wrong.append(f"{SWEEPS}/README.md: {name} is not in its table")
        queues = long_queues(name)
        small_ones += queues is not None
        for queue in queues or []:
            wrong.append(f"{SWEEPS}/{name}: the queue of {queue} rows is more than a quarter of the emoji")
        for size in ([], ["--small"]):
            run = subprocess.run([program, "sweep", os.path.join(PROJECT, SWEEPS, name), "--list"] + size,
                                 capture_output=True, text=True, check=False)
            if run.returncode != 0 or " runs of " not in run.stdout:
                wrong.append(f"kith sweep {name} --list {' '.join(size)}: status {run.returncode}\n{run.stderr}")
    if small_ones < 7:
        wrong.append(f"{SWEEPS}: wanted 7 or more sweeps with a small experiment to look at, found {small_ones}")
    return len(names), wrong


def main():
    program = os.path.abspath(sys.argv[1])
    sweeps, wrong = wrong_sweeps(program)
    checked = skipped = 0
    with tempfile.TemporaryDirectory() as cuts:
        make_cifar10(os.path.join(cuts, "cifar-10-batches-bin"))
        make_image_folder(os.path.join(cuts, "imagenet"), ("train", "val"))
        make_image_folder(os.path.join(cuts, "cifar10-jpeg"), ("train", "test"))
        for name in sorted(n for n in os.listdir(EXPERIMENTS) if os.path.isdir(os.path.join(EXPERIMENTS, n))):
            folder = os.path.join("experiments", name)
            if not os.path.isfile(os.path.join(PROJECT, folder, "README.md")):
                wrong.append(f"{folder}: wants a README.md")
            files = sorted(f for f in os.listdir(os.path.join(PROJECT, folder)) if f.endswith(".toml"))
            if folder == SWEEPS:
                continue
            if not files:
                wrong.append(f"{folder}: wants an experiment, a TOML file")
            for path in (os.path.join(folder, file) for file in files):
                if not re.search(r"^name = ", read(path), re.MULTILINE):
                    continue
                settings = settings_for(path, cuts)
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
