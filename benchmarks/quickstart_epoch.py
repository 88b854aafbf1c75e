#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One epoch of the quick start against the same in a plain PyTorch and torchvision loop.

    quickstart_epoch.py KITH DATA [--pairs N] [--cores N] [--workers N ...] [--device cpu|cuda]

KITH: the program; DATA: the folder with Fashion-MNIST. Runs on a Python with torch and torchvision. The loop does what
experiments/quickstart does: the same encoder, head, loss, views and optimiser, the usual way: PIL images through torchvision's
transforms in a DataLoader. It runs with each number of workers and the best counts. Each run is a process of its own, Kith and the loop in
turn; both times are from start to end, starting the program and reading the data too.
"""
import argparse
import gzip
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

BATCH, TEMPERATURE, RATE, DECAY = 128, 0.2, 3e-3, 1e-4
EXPERIMENT = pathlib.Path(__file__).resolve().parent.parent / "experiments/quickstart/experiment.toml"
VAL_LIMIT = 0.1 * 2**64


def read_images(folder):
    import hashlib

    import numpy
    raw = gzip.open(pathlib.Path(folder) / "train-images-idx3-ubyte.gz").read()
    images = numpy.frombuffer(raw, numpy.uint8)[16:].reshape(-1, 28, 28)
    kept = [i for i in range(len(images))
            if int.from_bytes(hashlib.sha256(b"train/%d" % i).digest()[:8], "big") >= VAL_LIMIT]
    return images[kept]


def run_loop(folder, workers, cores, device):
    """One epoch; prints how many steps it made and the last loss."""
    import torch
    import torchvision.transforms.v2 as T
    import torchvision.transforms.v2.functional as F
    from PIL import Image
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(cores)

    class Gamma(nn.Module):
        def forward(self, image):
            return F.adjust_gamma(image, math.exp(random.uniform(-0.8, 0.8)))

    view = T.Compose([
        T.RandomResizedCrop(28, scale=(0.3, 1.0)),
        T.RandomRotation(10),
        T.RandomHorizontalFlip(),
        T.RandomApply([T.ColorJitter(0.8, 0.8)], 0.8),
        Gamma(),
        T.PILToTensor(),
        T.ToDtype(torch.float32, scale=True),
    ])

    class Views(torch.utils.data.Dataset):
        images = read_images(folder)

        def __len__(self):
            return len(self.images)

        def __getitem__(self, i):
            image = Image.fromarray(self.images[i])
            return view(image), view(image)

    layers, channels = [], 1
    for i, (width, stride) in enumerate(zip((16, 16, 32, 32, 64, 128), (2, 1, 2, 1, 2, 1))):
        kernel = 5 if i == 0 else 3
        layers += [nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(512, 256, bias=False), nn.BatchNorm1d(256),
                        nn.ReLU(), nn.Linear(256, 128, bias=False), nn.BatchNorm1d(128)).to(device, memory_format=torch.channels_last)
    flat = [p for p in net.parameters() if p.dim() == 1]
    rest = [p for p in net.parameters() if p.dim() > 1]
    optimizer = torch.optim.AdamW([{"params": rest, "weight_decay": DECAY}, {"params": flat, "weight_decay": 0}], lr=RATE, fused=True)
    loader = torch.utils.data.DataLoader(Views(), BATCH, shuffle=True, drop_last=True, num_workers=workers,
                                         pin_memory=device == "cuda")
    target = torch.arange(2 * BATCH, device=device).roll(BATCH)
    itself = torch.eye(2 * BATCH, dtype=torch.bool, device=device)
    for step, (one, two) in enumerate(loader):
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / len(loader)))
        z = nn.functional.normalize(net(torch.cat([one, two]).to(device, non_blocking=True, memory_format=torch.channels_last)))
        loss = nn.functional.cross_entropy((z @ z.t() / TEMPERATURE).masked_fill(itself, -1e9), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{step + 1} steps, loss {loss.item():.3f}")


def seconds(command, **more):
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, **more)
    took = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr}")
    return took, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kith")
    parser.add_argument("data")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2], help="of the loop; the best counts")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--loop", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.loop is not None:
        run_loop(arguments.data, arguments.loop, arguments.cores, arguments.device)
        return
    runs = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"kith-epochs-{os.getpid()}"
    kith = [arguments.kith, "run", str(EXPERIMENT), "--set", "data.path=" + arguments.data, "--set", "train.epochs=1", "--set",
            "evaluation=[]", "--set", "data.read_test=false", "--device", arguments.device]
    loop = [sys.executable, __file__, arguments.kith, arguments.data, "--cores", str(arguments.cores), "--device", arguments.device,
            "--loop"]
    by_workers = {}
    for workers in arguments.workers:
        by_workers[workers], said = seconds(loop + [str(workers)])
        print(f"loop with {workers} workers: {by_workers[workers]:.1f} s ({said.strip()})", flush=True)
    best = min(by_workers, key=by_workers.get)
    own, other = [], []
    for pair in range(arguments.pairs):
        for side in (0, 1) if pair % 2 == 0 else (1, 0):
            if side == 0:
                own.append(seconds(kith, env={**os.environ, "KITH_RUNS": str(runs)})[0])
            else:
                other.append(seconds(loop + [str(best)])[0])
    subprocess.run(["rm", "-rf", str(runs)], check=True)
    ratio = statistics.median(b / a for a, b in zip(own, other))
    print(f"kith {statistics.median(own):.1f} s, the loop ({best} workers) {statistics.median(other):.1f} s, "
          f"{ratio:.2f} times as long; {arguments.pairs} pairs")


if __name__ == "__main__":
    main()
