"""Reads the training channel that ``prepare`` wrote and lays it out for ultralytics without touching it.

The images are linked into a fresh folder: there is no cache of labels from an earlier run, and no
program that repairs images in place reaches the channel's listing. Knows nothing of training.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from containers.training.digest import file_digest
from workflow.contract.model import TASKS
from workflow.contract.reading import VERSION

DATASET = "dataset.json"
"""What the preparation found, handed on to the model."""


class ChannelError(ValueError):
    """The training channel is not what the preparation wrote."""


@dataclass(frozen=True)
class Channel:
    """A verified training channel: what is to be learned from which images.

    ``digest`` is the dataset's, ``files`` maps every file's name to its sha256. ``keypoints`` is how many an object
    has and how many numbers each, ``flip`` the order of keypoints in a mirrored picture; both are None but for pose.
    """

    task: str
    classes: tuple[str, ...]
    digest: str
    files: Mapping[str, str]
    keypoints: tuple[int, int] | None = None
    flip: tuple[int, ...] | None = None

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
    return _channel(manifest)


def _channel(manifest: Mapping[str, Any]) -> Channel:
    task, keypoints, flip = manifest.get("task"), manifest.get("keypoints"), manifest.get("flip")
    if task not in TASKS:
        raise ChannelError(f"manifest.json of the training channel: task {task!r} is none of {', '.join(TASKS)}")
    if (task == "pose") != (keypoints is not None):
        raise ChannelError(f"manifest.json of the training channel: keypoints {keypoints!r} do not fit the task {task}")
    if DATASET not in manifest["files"]:
        raise ChannelError(f"manifest.json of the training channel names no {DATASET}")
    return Channel(
        task=task,
        classes=tuple(manifest["classes"]),
        digest=manifest["digest"],
        files=manifest["files"],
        keypoints=None if keypoints is None else (int(keypoints[0]), int(keypoints[1])),
        flip=None if flip is None else tuple(flip),
    )


def lay_out(channel: Channel, source: Path, target: Path) -> Path:
    """Link the images and copy the labels to ``target``; what ultralytics takes as ``data``.

    That is a data.yaml with absolute paths, or for classification the folder itself.
    """
    if channel.task == "classify":
        return _lay_out_classes(channel, source, target)
    for name in channel.files:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("images/"):
            place.symlink_to((source / name).resolve())
        elif name.startswith("labels/"):
            shutil.copyfile(source / name, place)
    document: dict[str, Any] = {
        "path": str(target.resolve()),
        "train": "images/train",
        "val": "images/validation",
        "names": dict(enumerate(channel.classes)),
    }
    if channel.keypoints is not None:
        document["kpt_shape"] = list(channel.keypoints)
    if channel.flip is not None:
        document["flip_idx"] = list(channel.flip)
    return _write_yaml(target / "data.yaml", document)


def _lay_out_classes(channel: Channel, source: Path, target: Path) -> Path:
    """One folder of links for each class, named by its number, which the picture's label holds."""
    for split, folder in (("train", "train"), ("validation", "val")):
        for name in channel.images(split):
            within = Path(name).relative_to(f"images/{split}")
            label = source / "labels" / split / within.with_suffix(".txt")
            place = target / folder / _class_number(label, len(channel.classes)) / within
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((source / name).resolve())
    # With this file ultralytics takes the folders' names as the numbers of classes. Named after the classes, folders
    # would be sorted, a class without a picture would move all that follow, and no class could be called "a/b".
    _write_yaml(target / ".ndjson.yaml", {"names": dict(enumerate(channel.classes))})
    return target


def _class_number(label: Path, classes: int) -> str:
    text = label.read_text(encoding="utf-8").strip() if label.is_file() else ""
    if not text.isdecimal() or int(text) >= classes:
        raise ChannelError(f"labels/{label.parent.name}/{label.name}:1: {text!r} is no class from 0 to {classes - 1}")
    return str(int(text))


def _write_yaml(file: Path, document: Mapping[str, Any]) -> Path:
    file.write_text(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file
