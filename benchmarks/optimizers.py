#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A step of Kith's optimisers against torch.optim's on one core: SGD with momentum, AdamW, LARS.

    optimizers.py BORDER_BENCHMARK [--pairs N]      with a Python that has torch and torchvision

Equal parameters and gradients in float32: those of ResNet-18, and of the quick start's network. torch.optim runs in each of its forms (the
default, foreach, fused) and the fastest counts; it has no LARS, so that one is written here with torch._foreach_*. Parameters after three
steps are compared before anything is timed. Both run in turn on the last core, with the thresholds of malloc that `kith` sets; the median of
the steps of a run counts, in processor time. `kith` asks for huge pages, too; for torch they are had by GLIBC_TUNABLES=glibc.malloc.hugetlb=1 in
the environment.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_TOP_PAD_": str(64 << 20)}
COMPARED = 3
RATE = 1e-3


def quickstart_shapes():
    """convnet as it is by default on one channel, then the projector 512 - 256 - 128."""
    shapes, channels, kernel = [], 1, 5
    for width in (16, 16, 32, 32, 64, 128):
        shapes += [(width, channels, kernel, kernel), (width,), (width,)]
        channels, kernel = width, 3
    return shapes + [(256, 512), (256,), (256,), (128, 256), (128,)]


def resnet18_shapes():
    import torchvision
    return [tuple(p.shape) for p in torchvision.models.resnet18().parameters()]


def numbers(shape, salt):
    import numpy
    import torch
    count = int(numpy.prod(shape))
    hashed = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + salt * 40503) % (1 << 32)
    return torch.from_numpy(((hashed.astype(numpy.float64) / 4294967296.0 - 0.5) * 0.1).astype(numpy.float32)).reshape(shape)


def parameters(shapes):
    made = []
    for salt, shape in enumerate(shapes):
        made.append(numbers(shape, salt).requires_grad_())
        made[-1].grad = numbers(shape, salt + 1000)
    return made


class ForeachLars:
    """LARS as MoCo v3, BYOL and DINO have it: one-dimensional tensors neither decay nor adapt."""

    def __init__(self, params, trust=0.001, momentum=0.9, weight_decay=1e-6):
        import torch
        self.torch, self.trust, self.momentum, self.weight_decay = torch, trust, momentum, weight_decay
        self.groups = [(adapts, [p for p in params if (p.dim() > 1) == adapts]) for adapts in (True, False)]
        self.velocity = [[torch.zeros_like(p) for p in group] for _, group in self.groups]

    def step(self):
        torch = self.torch
        with torch.no_grad():
            for (adapts, params), velocity in zip(self.groups, self.velocity):
                direction = [p.grad for p in params]
                if adapts:
                    direction = torch._foreach_add(direction, params, alpha=self.weight_decay)
                    lengths = torch.stack(torch._foreach_norm(params))
                    moves = torch.stack(torch._foreach_norm(direction))
                    ratio = torch.where((lengths > 0) & (moves > 0), self.trust * lengths / moves, torch.ones_like(lengths))
                    torch._foreach_mul_(direction, list(ratio.unbind()))
                torch._foreach_mul_(velocity, self.momentum)
                torch._foreach_add_(velocity, direction)
                torch._foreach_add_(params, velocity, alpha=-RATE)


def forms(kind, params):
    """torch's forms of an optimiser by name, each on parameters of its own."""
    import torch
    if kind == "lars":
        return {"foreach": lambda: ForeachLars(params())}
    settings = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}
    if kind == "sgd":
        return {name: (lambda s=s: torch.optim.SGD(params(), lr=RATE, momentum=0.9, weight_decay=1e-4, **s)) for name, s in settings.items()}
    return {name: (lambda s=s: torch.optim.AdamW(params(), lr=RATE, weight_decay=1e-2, **s)) for name, s in settings.items()}


def processor_time(step, steps):
    took = []
    for _ in range(steps):
        begin = time.thread_time()
        step()
        took.append(time.thread_time() - begin)
    return statistics.median(took)


def kith(program, kind, shapes, steps, file):
    text = "\n".join(" ".join(map(str, shape)) for shape in shapes)
    done = subprocess.run([program, "optimizer", kind, str(steps), file], input=text, capture_output=True, text=True, check=True)
    return float(done.stdout)


def largest_difference(kept, file):
    import numpy
    import torch
    theirs = torch.from_numpy(numpy.fromfile(file, dtype=numpy.float32))
    ours = torch.cat([p.detach().flatten() for p in kept])
    return (ours - theirs).abs().max().item()


def compare(program, kind, shapes, steps, pairs, folder):
    file = os.path.join(folder, "parameters")
    kith(program, kind, shapes, 1, file)
    optimizers = {}
    for name, make in forms(kind, lambda: kept.extend(parameters(shapes)) or list(kept)).items():
        kept = []
        optimizers[name] = make()
        for _ in range(COMPARED):
            optimizers[name].step()
        difference = largest_difference(kept, file)
        if not difference <= 1e-6:  # parameters below 0.1 in float32
            sys.exit(f"{kind}, {name}: the parameters differ by {difference} after {COMPARED} steps")
    times = {name: [] for name in optimizers}
    own = []
    for _ in range(pairs):
        for name, optimizer in optimizers.items():
            times[name].append(processor_time(optimizer.step, steps))
        own.append(kith(program, kind, shapes, steps, file))
    best = min(times, key=lambda name: statistics.median(times[name]))
    ratio = statistics.median(theirs / ours for theirs, ours in zip(times[best], own))
    theirs = ", ".join(f"{name} {1e3 * statistics.median(t):.3f}" for name, t in times.items())
    print(f"  {kind:<6} torch, ms: {theirs:<46} Kith {1e3 * statistics.median(own):.3f}   times as fast as {best}: {ratio:.2f}", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", help="build/benchmarks/border_benchmark")
    arguments.add_argument("--pairs", type=int, default=7)
    given = arguments.parse_args()
    if any(os.environ.get(name) != value for name, value in ALLOCATOR.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import torch
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for name, shapes, steps in (("ResNet-18", resnet18_shapes(), 15), ("the quick start's network", quickstart_shapes(), 300)):
            print(f"{name}, {len(shapes)} tensors")
            for kind in ("sgd", "adamw", "lars"):
                compare(given.program, kind, shapes, steps, given.pairs, folder)


if __name__ == "__main__":
    main()
