#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Photos a second, from the bytes of a JPEG to two views of 224 px: `photo_benchmark` against PIL and torchvision, on one core.

    photo_views.py PHOTO_BENCHMARK FOLDER [--pairs N]

The JPEG files of 500 x 375 in FOLDER and below, MoCo v2's list with blur. First the crops that Kith resizes, of which it decodes the needed
part alone, are compared with Pillow's of the whole photo: all bytes must be equal. What the rest of the list makes of an image is held
against Pillow and torchvision by the golden tests (tests/plugins/augmentations). Both run in turn on the last core; CPU time.
"""
import argparse
import hashlib
import io
import json
import os
import statistics
import subprocess
import sys
import time

from views import moco


def decode(data):
    from PIL import Image
    return Image.open(io.BytesIO(data)).convert("RGB")


def compare_crops(program, folder):
    """The photos, after their crops were found equal to Pillow's."""
    from PIL import Image
    lines = subprocess.run([program, folder, "crops"], check=True, capture_output=True, text=True).stdout.splitlines()
    photos = {}
    for line in lines:
        file, top, left, height, width, digest = line.rsplit(" ", 5)
        if file not in photos:
            with open(file, "rb") as stream:
                photos[file] = stream.read()
        top, left, height, width = int(top), int(left), int(height), int(width)
        crop = decode(photos[file]).crop((left, top, left + width, top + height))
        # Across, then down, as Pillow did it of itself when the golden values were made (9.4); 13 begins with the longer side, and where
        # that is the height, the rounding in between makes a level of difference.
        crop = crop.resize((224, height), Image.Resampling.BILINEAR).resize((224, 224), Image.Resampling.BILINEAR)
        if hashlib.sha256(crop.tobytes()).hexdigest() != digest:
            sys.exit(f"photo_views: {file}: the crop at {left}, {top} of {width} x {height} differs from Pillow's")
    print(f"{len(lines)} crops of {len(photos)} photos equal Pillow's")
    return list(photos.values())


def photos_per_second(transform, photos):
    begin = time.process_time()
    for data in photos:
        image = decode(data)
        transform(image)
        transform(image)
    return len(photos) / (time.process_time() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo_benchmark")
    parser.add_argument("folder")
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    photos = compare_crops(arguments.photo_benchmark, arguments.folder)
    transform = moco(224)
    pairs = []
    for _ in range(arguments.pairs):
        ran = subprocess.run([arguments.photo_benchmark, arguments.folder, "--benchmark_format=json", "--benchmark_min_time=0.7"], check=True,
                             capture_output=True, text=True)
        own = json.loads(ran.stdout)["benchmarks"][0]["items_per_second"]
        pairs.append((own, photos_per_second(transform, photos)))
    print(f"two views of a photo: kith {statistics.median(a for a, _ in pairs):,.0f} photos/s   torchvision "
          f"{statistics.median(b for _, b in pairs):,.0f}   {statistics.median(a / b for a, b in pairs):.1f} times   {len(pairs)} pairs")


if __name__ == "__main__":
    main()
