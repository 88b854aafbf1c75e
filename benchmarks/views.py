#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Views a second of `augment_benchmark` against torchvision's transforms on PIL images, on one core.

    views.py AUGMENT_BENCHMARK [--pairs N]

The same lists, sizes and probabilities, from a decoded picture. MoCo v2's blur is PIL's Gaussian blur, as in its authors' code. Both run in
turn on the last core. What each operation makes of an image is held against Pillow and torchvision by the golden tests
(tests/plugins/augmentations), not here.
"""
import argparse
import json
import math
import os
import random
import statistics
import subprocess
import time


def moco(size):
    """MoCo v2's list with blur."""
    import torch
    import torchvision.transforms as T
    from PIL import ImageFilter
    torch.set_num_threads(1)

    def blur(image):
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))

    return T.Compose([
        T.RandomResizedCrop(size, scale=(0.2, 1.0)), T.RandomHorizontalFlip(),
        T.RandomApply([T.ColorJitter(0.4, 0.4, 0.4, 0.1)], 0.8), T.RandomGrayscale(0.2), T.RandomApply([blur], 0.5), T.ToTensor(),
        T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def views():
    import numpy
    import torchvision.transforms as T
    import torchvision.transforms.functional as F
    from PIL import Image
    numbers = numpy.random.default_rng(1)

    def picture(height, width, channels):
        y, x = numpy.mgrid[:height, :width]
        base = ((x // 7 + y // 5) % 2 * 120)[..., None] + 40 * numpy.arange(channels)
        pixels = (base + numbers.integers(0, 16, (height, width, channels))).astype(numpy.uint8)
        return Image.fromarray(pixels[..., 0] if channels == 1 else pixels)

    def gamma(image):
        return F.adjust_gamma(image, math.exp(random.uniform(-0.8, 0.8)))

    quickstart = T.Compose([
        T.RandomResizedCrop(28, scale=(0.3, 1.0)), T.RandomRotation(10), T.RandomHorizontalFlip(),
        T.RandomApply([T.ColorJitter(0.8, 0.8)], 0.8), gamma, T.ToTensor()])
    return {"fashion_view": (quickstart, picture(28, 28, 1)), "cifar_view": (moco(32), picture(32, 32, 3)),
            "imagenet_view": (moco(224), picture(375, 500, 3))}


def views_per_second(transform, image, seconds=0.7):
    done, begin = 0, time.process_time()  # CPU time, as augment_benchmark's
    while time.process_time() - begin < seconds:
        for _ in range(10):
            transform(image)
        done += 10
    return done / (time.process_time() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("augment_benchmark")
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    found = {name: [] for name in views()}
    all_views = views()
    for _ in range(arguments.pairs):
        ran = subprocess.run([arguments.augment_benchmark, "--benchmark_format=json", "--benchmark_min_time=0.7"], check=True,
                             capture_output=True, text=True)
        own = {run["name"]: run["items_per_second"] for run in json.loads(ran.stdout)["benchmarks"]}
        for name, (transform, image) in all_views.items():
            found[name].append((own[name], views_per_second(transform, image)))
    for name, pairs in found.items():
        print(f"{name:<14} kith {statistics.median(a for a, _ in pairs):,.0f} views/s   torchvision "
              f"{statistics.median(b for _, b in pairs):,.0f}   {statistics.median(a / b for a, b in pairs):.1f} times   {len(pairs)} pairs")


if __name__ == "__main__":
    main()
