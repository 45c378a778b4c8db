"""Training channels of every task, written as the preparation writes them: a disc or a square in each small picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64
CLASSES = ("disc", "square")
FLIP = (1, 0, 3, 2)
"""The corners of a box, numbered along its edge, in a mirrored picture."""


def write_channel(folder: Path, task: str, *, pictures: int = 4, classes: tuple[str, ...] = CLASSES) -> Path:
    """Write a channel with this many pictures in each split."""
    for number, split in enumerate(("train", "validation")):
        for index in range(pictures):
            place = folder / "images" / split / f"{index}.png"
            label = folder / "labels" / split / f"{index}.txt"
            for file in (place, label):
                file.parent.mkdir(parents=True, exist_ok=True)
            corner = _draw(place, seed=100 * number + index, square=bool(index % 2))
            label.write_text(row(task, index % 2, *corner) + "\n", encoding="utf-8")
    (folder / "data.yaml").write_text(f"names: {json.dumps(list(classes))}\n", encoding="utf-8")
    (folder / "dataset.json").write_text('{"version": 1}\n', encoding="utf-8")
    document = {
        "version": 1,
        "digest": f"digest of {task}",
        "task": task,
        "classes": list(classes),
        "keypoints": [4, 3] if task == "pose" else None,
        "flip": list(FLIP) if task == "pose" else None,
        "files": digests(folder),
    }
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def digests(folder: Path) -> Mapping[str, str]:
    """The sha256 of every file of a channel."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def _draw(file: Path, *, seed: int, square: bool) -> tuple[int, int]:
    """Draw a shape of 25 pixels on noise; its upper left corner."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(90, 130, (SIDE, SIDE, 3), dtype=np.uint8))
    left, top = (int(edge) for edge in rng.integers(4, 36, 2))
    pen, box = ImageDraw.Draw(picture), (left, top, left + 24, top + 24)
    pen.rectangle(box, fill=(250, 60, 40)) if square else pen.ellipse(box, fill=(40, 90, 250))
    picture.save(file)
    return left, top


def row(task: str, number: int, left: int, top: int) -> str:
    """The label of a shape with this corner, in the columns of the task."""
    near, far = (left / SIDE, top / SIDE), ((left + 25) / SIDE, (top + 25) / SIDE)
    corners = [near, (far[0], near[1]), far, (near[0], far[1])]
    box = f"{number} {(near[0] + far[0]) / 2} {(near[1] + far[1]) / 2} {25 / SIDE} {25 / SIDE}"
    match task:
        case "detect":
            return box
        case "classify":
            return str(number)
        case "pose":
            return " ".join([box, *(f"{x} {y} 2" for x, y in corners)])
        case _:
            return " ".join([str(number), *(f"{x} {y}" for x, y in corners)])
