"""Reads the held-out images and their true boxes, as the preparation wrote them.

Knows the layout ``images/`` beside ``labels/`` with ``data.json``, and no model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from containers.serving.detection import Floats, Integers

VERSION = 1


class HeldOutError(ValueError):
    """The held-out data is missing or is not what the preparation writes."""


@dataclass(frozen=True)
class Picture:
    """One held-out image: its name below ``images/`` and its true boxes as fractions of width and height."""

    name: str
    path: Path
    boxes: Floats
    classes: Integers

    def boxes_in_pixels(self, width: int, height: int) -> Floats:
        """True boxes [n, 4] as left, top, right, bottom in pixels."""
        return self.boxes * np.array([width, height, width, height], np.float32)


@dataclass(frozen=True)
class HeldOut:
    """The held-out set: names of the classes, digest of the dataset, the pictures by name."""

    classes: tuple[str, ...]
    digest: str
    pictures: tuple[Picture, ...]

    @property
    def objects(self) -> int:
        """Number of true boxes."""
        return sum(len(picture.classes) for picture in self.pictures)


def read_held_out(folder: Path) -> HeldOut:
    """Read a prepared test folder. Raises HeldOutError with the file at fault."""
    try:
        document = json.loads((folder / "data.json").read_bytes())
    except (OSError, ValueError) as error:
        raise HeldOutError(f"data.json cannot be read: {error}") from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise HeldOutError(f"data.json: must be an object of version {VERSION}")
    classes, digest = document.get("classes"), document.get("digest")
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise HeldOutError("data.json: classes must be a list of names")
    if not isinstance(digest, str) or not digest:
        raise HeldOutError("data.json: digest must be a text")
    images = folder / "images"
    paths = sorted(path for path in images.rglob("*") if path.is_file())
    pictures = tuple(_picture(path, images, folder / "labels", len(classes)) for path in paths)
    return HeldOut(tuple(classes), digest, pictures)


def _picture(path: Path, images: Path, labels: Path, classes: int) -> Picture:
    name = path.relative_to(images)
    label = labels / name.with_suffix(".txt")
    lines = label.read_text().splitlines() if label.is_file() else []
    rows = [_row(line, f"{name.with_suffix('.txt')}:{at}", classes) for at, line in enumerate(lines, 1) if line.strip()]
    # A row that is there twice names one object, as in training.
    table = np.array(list(dict.fromkeys(rows)), np.float32).reshape(-1, 5)
    centre, size = table[:, 1:3], table[:, 3:5]
    boxes = np.concatenate((centre - size / 2, centre + size / 2), axis=1).astype(np.float32)
    return Picture(name.as_posix(), path, boxes, table[:, 0].astype(np.int64))


def _row(line: str, where: str, classes: int) -> tuple[float, ...]:
    try:
        row = tuple(float(word) for word in line.split())
    except ValueError:
        row = ()
    if len(row) != 5 or not np.isfinite(row).all() or row[0] not in range(classes):
        raise HeldOutError(f"{where}: {line!r} is no label of {classes} classes")
    return row
