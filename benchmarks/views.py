#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Views a second against torchvision's transforms on PIL images, on one core.

    views.py AUGMENT_BENCHMARK [PHOTO_BENCHMARK FOLDER] [--pairs N]

SimCLR's list with blur, from a decoded picture to one view of 32 and of 224 px; the quick start's list at 28 px; and, of the JPEG files of
500 x 375 in FOLDER and below, from a file's bytes to two views of 224 px. First what both make of the same drawn numbers is compared, level by
level; then both run in turn on the last core. CPU time. The blur is PIL's, which is faster than torchvision's own. The quick start's list is not
compared: its turn and its crop are one sampling in Kith and two in torchvision.
"""
import argparse
import collections
import functools
import io
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time

import numpy
import torch
import torchvision.transforms as T
import torchvision.transforms.functional as F
from PIL import Image, ImageFilter

SIZES = {"cifar_view": 32, "imagenet_view": 224}
SHAPES = {"fashion_view": (28, 28), "cifar_view": (32, 32, 3), "imagenet_view": (375, 500, 3)}


def simclr(size):
    def blur(image):
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))

    return T.Compose([
        T.RandomResizedCrop(size, scale=(0.08, 1.0)), T.RandomHorizontalFlip(), T.RandomApply([T.ColorJitter(0.8, 0.8, 0.8, 0.2)], 0.8),
        T.RandomGrayscale(0.2), T.RandomApply([blur], 0.5), T.ToTensor()])


def quickstart():
    def gamma(image):
        return F.adjust_gamma(image, math.exp(random.uniform(-0.8, 0.8)))

    return T.Compose([
        T.RandomResizedCrop(28, scale=(0.3, 1.0)), T.RandomRotation(10), T.RandomHorizontalFlip(), T.RandomApply([T.ColorJitter(0.8, 0.8)], 0.8),
        gamma, T.ToTensor()])


def crop(image, size, top, left, height, width):
    """Across, then down, as Pillow did it of itself when the golden values were made (9.4); 13 begins with the longer side, and where that is
    the height, the rounding in between makes a level of difference."""
    box = image.crop((left, top, left + width, top + height))
    return box.resize((size, int(height)), Image.Resampling.BILINEAR).resize((size, size), Image.Resampling.BILINEAR)


def jitter(image, drawn):
    adjust = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
    amounts = [drawn["brightness"], drawn["contrast"], drawn["saturation"], drawn["hue"]]
    for place in ("first", "second", "third", "fourth"):
        which = int(drawn[place])
        image = adjust[which](image, amounts[which])
    return image


def replay(image, size, drawn):
    """What Pillow and torchvision make of an image with the numbers that Kith drew."""
    for name, values in drawn:
        if name.endswith("random_resized_crop"):
            image = crop(image, size, **values)
        elif name.endswith("flip"):
            image = F.hflip(image)
        elif name.endswith("colour_jitter"):
            image = jitter(image, values)
        elif name.endswith("grayscale"):
            image = F.rgb_to_grayscale(image, 3)
        elif name.endswith("gaussian_blur"):
            image = image.filter(ImageFilter.GaussianBlur(radius=values["sigma"]))
        else:
            sys.exit(f"views: no counterpart of {name}")
    return image


def compare(command, size_of, image_of):
    """Stops where a view is another; what both round differently is counted."""
    lines = subprocess.run([*command, "views"], check=True, capture_output=True, text=True).stdout.splitlines()
    levels = off = 0
    for line in lines:
        view = json.loads(line)
        size = size_of(view["of"])
        own = numpy.frombuffer(bytes.fromhex(view["levels"]), numpy.uint8).reshape(size, size, 3).astype(int)
        differences = numpy.abs(own - numpy.asarray(replay(image_of(view["of"]), size, view["drawn"])).astype(int))
        if differences.max() > 1:
            sys.exit(f"views: a view of {view['of']} differs by {differences.max()} levels; drawn: {view['drawn']}")
        levels += differences.size
        off += int((differences > 0).sum())
    counted = collections.Counter(json.loads(line)["of"] for line in lines)
    print(f"{len(lines)} views of {len(counted)} pictures compared: {off} of {levels:,} levels differ, by 1")
    return list(counted)


def decode(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def per_second(make, seconds=0.7):
    """`make` makes one and is called again and again."""
    done, begin = 0, time.process_time()  # CPU time, as Google Benchmark's
    while time.process_time() - begin < seconds:
        for _ in range(10):
            make()
        done += 10
    return done / (time.process_time() - begin)


def own_rates(command):
    ran = subprocess.run([*command, "--benchmark_format=json", "--benchmark_min_time=0.7"], check=True, capture_output=True, text=True)
    return {run["name"]: run["items_per_second"] for run in json.loads(ran.stdout)["benchmarks"]}


def two_views(files):
    contents = []
    for file in files:
        with open(file, "rb") as stream:
            contents.append(stream.read())
    transform, at = simclr(224), iter(range(10**9))

    def make():
        image = decode(contents[next(at) % len(contents)])
        transform(image)
        transform(image)
    return make


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("augment_benchmark")
    parser.add_argument("photo_benchmark", nargs="?")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    commands = [[arguments.augment_benchmark]]
    raw = subprocess.run([arguments.augment_benchmark, "pictures"], check=True, capture_output=True).stdout
    pictures, at = {}, 0
    for name, shape in SHAPES.items():
        count = math.prod(shape)
        pictures[name] = Image.fromarray(numpy.frombuffer(raw[at:at + count], numpy.uint8).reshape(shape))
        at += count
    compare(commands[0], SIZES.__getitem__, pictures.__getitem__)
    lists = {"fashion_view": quickstart(), "cifar_view": simclr(32), "imagenet_view": simclr(224)}
    peers = {name: functools.partial(lists[name], pictures[name]) for name in SHAPES}
    if arguments.folder:
        commands.append([arguments.photo_benchmark, arguments.folder])
        peers["two_views"] = two_views(compare(commands[1], lambda _: 224, lambda file: Image.open(file).convert("RGB")))
    found = {name: [] for name in peers}
    for _ in range(arguments.pairs):
        own = {name: rate for command in commands for name, rate in own_rates(command).items()}
        for name, make in peers.items():
            found[name].append((own[name], per_second(make)))
    for name, pairs in found.items():
        print(f"{name:<14} kith {statistics.median(a for a, _ in pairs):,.0f} a second   torchvision "
              f"{statistics.median(b for _, b in pairs):,.0f}   {statistics.median(a / b for a, b in pairs):.1f} times   {len(pairs)} pairs")


if __name__ == "__main__":
    main()
