# SPDX-License-Identifier: Apache-2.0
"""The project's own files, for the tests of this folder. No git: a copy without its history is tested as well."""

import os

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77  # Meson's exit status of a test that was skipped
CODE = (".cpp", ".h", ".hpp")
SOURCE = CODE + (".py", ".sh", ".build")
FOLDERS = ("sdk", "host", "plugins", "tests", "benchmarks", "experiments", "setup")
DATA = os.path.join("experiments", "emoji", "data")


def files(*folders, endings=()):
    """Paths of files below the given folders, relative to the project, sorted; data and caches left out."""
    found = []
    for folder in folders or FOLDERS:
        for place, inner, names in os.walk(os.path.join(PROJECT, folder)):
            inner[:] = [name for name in inner if not name.startswith(".") and name != "__pycache__"]
            relative = os.path.relpath(place, PROJECT)
            if relative == DATA or relative.startswith(DATA + os.sep):
                continue
            found += [os.path.join(relative, name) for name in names if not endings or name.endswith(tuple(endings))]
    return sorted(found)


def top_files():
    """Files at the top of the project."""
    return sorted(name for name in os.listdir(PROJECT)
                  if os.path.isfile(os.path.join(PROJECT, name)) and not name.startswith("."))


def read(path):
    """The text of a file of the project."""
    with open(os.path.join(PROJECT, path), encoding="utf-8") as stream:
        return stream.read()


def plugin_folders():
    """plugins/KIND/NAME of every plugin that ships."""
    found = []
    for kind in sorted(os.listdir(os.path.join(PROJECT, "plugins"))):
        place = os.path.join(PROJECT, "plugins", kind)
        if os.path.isdir(place):
            found += [os.path.join("plugins", kind, name) for name in sorted(os.listdir(place))
                      if os.path.isdir(os.path.join(place, name))]
    return found
