"""Training channels of pictures and labels that lie there already."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.containers.training.channels import digests


def describe(channel: Path, task: str, classes: tuple[str, ...], keypoints: tuple[int, int]) -> None:
    """Write the documents of a channel around its pictures and labels; ``keypoints`` are those of pose."""
    pose = task == "pose"
    (channel / "dataset.json").write_text('{"version": 1}', encoding="utf-8")
    document = {
        "version": 1,
        "digest": f"{channel.name} for a bench",
        "task": task,
        "classes": list(classes),
        "keypoints": list(keypoints) if pose else None,
        # Of the outermost points of a thing, left and right change places in a mirrored picture.
        "flip": [2, 1, 0, 3] if pose and keypoints[0] == 4 else None,
        "files": digests(channel),
    }
    (channel / "manifest.json").write_text(json.dumps(document), encoding="utf-8")


def gather(channel: Path, split: str, folders: Iterable[Path]) -> None:
    """Copy the pictures of YOLO folders, each ``images/<name>`` beside ``labels/<name>``, into a channel's split."""
    for kind in ("images", "labels"):
        (channel / kind / split).mkdir(parents=True)
    for images in folders:
        for picture in sorted(images.iterdir()):
            label = images.parents[1] / "labels" / images.name / f"{picture.stem}.txt"
            shutil.copyfile(picture, channel / "images" / split / picture.name)
            shutil.copyfile(label, channel / "labels" / split / label.name)
