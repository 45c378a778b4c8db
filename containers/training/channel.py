"""Reads the training channel that ``prepare`` wrote and lays it out for ultralytics without touching it.

The images are linked into a fresh folder: there is no cache of labels from an earlier run, and no
program that repairs images in place reaches the channel's listing. Knows nothing of training.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from containers.training.images import file_digest
from workflow.contract import VERSION


class ChannelError(ValueError):
    """The training channel is not what the preparation wrote."""


@dataclass(frozen=True)
class Channel:
    """A verified training channel: class names, the dataset's digest, and its images by split."""

    classes: tuple[str, ...]
    digest: str
    files: dict[str, str]

    def images(self, split: str) -> list[str]:
        """The names of a split's images, in order."""
        return sorted(name for name in self.files if name.startswith(f"images/{split}/"))


def read_channel(folder: Path) -> Channel:
    """Read the channel's manifest and compare every file with it. Raises ChannelError naming the first that differs."""
    file = folder / "manifest.json"
    if not file.is_file():
        raise ChannelError("the training channel holds no manifest.json: it takes the output of prepare")
    manifest = json.loads(file.read_text(encoding="utf-8"))
    if manifest.get("version") != VERSION:
        raise ChannelError(
            f"manifest.json of the training channel: version {manifest.get('version')!r} is not {VERSION}"
        )
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file():
            raise ChannelError(f"{name} of the training channel is missing")
        if file_digest(folder / name) != digest:
            raise ChannelError(f"{name} of the training channel is not the file that prepare wrote")
    names = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))["names"]
    return Channel(tuple(names[at] for at in range(len(names))), manifest["digest"], manifest["files"])


def lay_out(channel: Channel, source: Path, target: Path) -> Path:
    """Link the images and copy the labels to ``target``; the data.yaml to train with, with absolute paths."""
    for name in channel.files:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("images/"):
            place.symlink_to((source / name).resolve())
        elif name.startswith("labels/"):
            shutil.copyfile(source / name, place)
    document = {
        "path": str(target.resolve()),
        "train": "images/train",
        "val": "images/validation",
        "names": dict(enumerate(channel.classes)),
    }
    data = target / "data.yaml"
    data.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return data
