#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example in the project's README and the SDK's is taken from their text, built by their line, and run.

    snippets_test.py KITH
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from project import DATA, PROJECT, read

READMES = ("README.md", os.path.join("sdk", "README.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IDENTITY = re.compile(r'\.id = "org\.example\.(\w+)"')

# One epoch on a handful of images: what is shown is that the parts fit, not what they learn.
EXPERIMENT = """
name = "quickstart"
seed = 1
[data]
reader = "image_folder"
path = "images"
[encoder]
plugin = "{encoder}"
[method]
{method}
[[views]]
count = 2
size = 32
augment = [{augment}]
[train]
epochs = 1
batch_size = 16
[optimizer]
kind = "adamw"
base_lr = 1e-3
[[evaluation]]
plugin = "{evaluation}"
"""


def blocks(language):
    """(README, text) of each block in a language."""
    return [(readme, text) for readme in READMES for name, text in FENCE.findall(read(readme)) if name == language]


def python_with(*modules):
    """A Python that has the modules; None without one."""
    for python in (os.environ.get("KITH_PYTHON"), os.path.join(PROJECT, ".venv", "bin", "python3"), sys.executable):
        if python and shutil.which(python):
            imports = subprocess.run([python, "-c", "import " + ", ".join(modules)], capture_output=True, check=False)
            if imports.returncode == 0:
                return python
    return None


def resnet18_names():
    """The state of torchvision's resnet18 without fc and without the counters, which load_state_dict fills in."""
    def norm(name):
        return {f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var")}
    names = {"conv1.weight"} | norm("bn1")
    for stage in range(1, 5):
        for block in (f"layer{stage}.0", f"layer{stage}.1"):
            names |= {f"{block}.conv1.weight", f"{block}.conv2.weight"} | norm(f"{block}.bn1") | norm(f"{block}.bn2")
        if stage > 1:
            names |= {f"layer{stage}.0.downsample.0.weight"} | norm(f"layer{stage}.0.downsample.1")
    return names


class SnippetsTest(unittest.TestCase):
    program = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kith_snippets_")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.symlink(os.path.join(PROJECT, "sdk"), os.path.join(cls.folder, "sdk"))
        cls.copy_images(6, 3)
        cls.plugins = {}  # short name: README that it stands in
        for readme, text in blocks("cpp"):
            if "int main(" in text:
                continue  # a program that links the installed harness: tests/integration/installed_sdk_test.cpp
            name = IDENTITY.search(text).group(1)
            with open(os.path.join(cls.folder, name + ".cpp"), "w", encoding="utf-8") as source:
                source.write(text)
            cls.plugins[name] = readme
        for name, readme in cls.plugins.items():
            done = cls.start(cls.documented_line(readme, name), shell=True)
            if done.returncode != 0 or done.stderr:
                raise AssertionError(f"{readme}: {name}.cpp does not compile:\n{done.stderr}")

    @classmethod
    def copy_images(cls, train, test):
        for split, count in (("train", train), ("test", test)):
            for place, _, names in os.walk(os.path.join(PROJECT, DATA, split)):
                target = os.path.join(cls.folder, "images", split, os.path.basename(place))
                for name in sorted(names)[:count]:
                    os.makedirs(target, exist_ok=True)
                    shutil.copy(os.path.join(place, name), target)

    @staticmethod
    def documented_line(readme, name):
        """The README's own compile line, for another file."""
        lines = [line for language, text in FENCE.findall(read(readme)) if language == "sh" for line in text.split("\n")
                 if line.startswith("g++ ") and "-I sdk/include" in line]
        assert len(lines) == 1, f"{readme}: wanted one compile line, found {len(lines)}"
        return re.sub(r"\w+\.(cpp|so)\b", name + r".\1", lines[0])

    @classmethod
    def start(cls, command, shell=False):
        environment = dict(os.environ, KITH_PLUGIN_PATH=cls.folder, KITH_RUNS=os.path.join(cls.folder, "runs"))
        environment.setdefault("KITH_DEVICE", "cpu")
        return subprocess.run(command, shell=shell, cwd=cls.folder, env=environment, capture_output=True, text=True, check=False)

    def kith(self, *arguments):
        done = self.start([self.program, *arguments])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def train(self, encoder="perceptron", method='plugin = "simclr"', augment="", evaluation="class_mean"):
        path = os.path.join(self.folder, "experiment.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(EXPERIMENT.format(encoder=encoder, method=method, augment=augment, evaluation=evaluation))
        return self.kith("run", path)

    def encoder_names(self):
        """Names of the encoder's tensors in the newest checkpoint, without the role."""
        newest = sorted(glob.glob(os.path.join(self.folder, "runs", "quickstart-latest", "checkpoints", "*.safetensors")))[-1]
        with open(newest, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return {name.removeprefix("encoder.") for name in header if name.startswith("encoder.")}

    def test_one_of_each_kind_is_shown(self):
        kinds = {}
        for name in self.plugins:
            text = self.kith("plugin", "inspect", f"./{name}.so")
            self.assertIn("this host loads it", text)
            kinds.setdefault(re.search(r"^kind +(\w+)", text, re.MULTILINE).group(1), []).append(name)
        self.assertEqual(sorted(kinds), ["augmentation", "encoder", "evaluation", "loss", "method"])

    def test_each_holds_what_every_plugin_of_its_kind_must_hold(self):
        for name in self.plugins:
            with self.subTest(plugin=name):
                self.assertIn(" 0 failed", self.kith("plugin", "check", f"./{name}.so"))

    def test_the_readme_has_a_loss_that_trains(self):
        losses = [name for name, readme in self.plugins.items() if readme == "README.md"]
        self.assertEqual(len(losses), 1)
        self.assertIn("trained encoder", self.train(method=f'plugin = "simclr"\nloss = "{losses[0]}"'))
        # The README's own line: the loss in the experiment that ships.
        line = f"--set method.loss.plugin={losses[0]}"
        self.assertIn(f"kith run experiments/emoji/experiment.toml {line}\n", read("README.md"))
        text = self.kith("check", os.path.join(PROJECT, "experiments", "emoji", "experiment.toml"), *line.split())
        self.assertIn("this experiment can run", text)

    def test_the_sdk_readmes_loss_trains(self):
        self.assertIn("trained encoder", self.train(method='plugin = "simclr"\nloss = { plugin = "alignment", uniformity = 1.0 }'))

    def test_the_other_four_train_together(self):
        text = self.train(encoder="perceptron", method='plugin = "slow_target"\nhead_width = 32\nembedding_width = 16',
                          augment='{ plugin = "random_resized_crop" }, { plugin = "erase", side = 0.25, probability = 0.5 }')
        self.assertIn("class_mean on test", text)

    def test_the_lines_of_python_read_a_run(self):
        shown = [text for _, text in blocks("python")]
        self.assertEqual(len(shown), 2, "the README reads features, and loads a checkpoint into torchvision")
        python = python_with("h5py")
        if python is None:
            self.skipTest("no Python with h5py")
        self.train(encoder="resnet", evaluation="knn")
        done = self.start([python, "-c", shown[0]])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("(27, 512) (27,) ['activities', ", done.stdout)  # 3 test images of 9 classes, ResNet-18
        self.assertEqual(self.encoder_names(), resnet18_names())
        python = python_with("safetensors.torch", "torchvision")
        if python is None:
            self.skipTest("no Python with torchvision and safetensors")
        done = self.start([python, "-c", shown[1] + "print(resnet.conv1.weight.std() > 0)"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("True", done.stdout)


if __name__ == "__main__":
    SnippetsTest.program = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
