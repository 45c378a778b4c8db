"""Reads the held-out images and what is true of them, as the preparation wrote them.

Knows the layout ``images/`` beside ``labels/`` with ``data.json``, and no model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from containers.serving.model.arrays import Floats, Integers
from containers.serving.model.manifest import read_keypoints
from workflow.contract.model import TASKS
from workflow.contract.reading import VERSION

FEWEST_CORNERS = 3
"""Of an outline."""


class HeldOutError(ValueError):
    """The held-out data is missing or is not what the preparation writes."""


@dataclass(frozen=True)
class Picture:
    """One held-out image: its name below ``images/`` and its true objects, all places as fractions of width and height.

    ``boxes`` [n, 4] are left, top, right, bottom and ``classes`` [n]; a classifier's picture has one class and no box.
    pose: ``keypoints`` [n, k, 3] as x, y, and 0 where the point is not labelled. segment and obb: ``outlines``, n
    closed lines [corners, 2], of obb of four corners; the box is the upright one around them.
    """

    name: str
    path: Path
    boxes: Floats
    classes: Integers
    keypoints: Floats | None = None
    outlines: tuple[Floats, ...] | None = None


@dataclass(frozen=True)
class HeldOut:
    """The held-out set: its task, names of the classes, digest of the dataset, the pictures by name.

    ``keypoints``, of pose alone, is how many an object has and how many numbers each.
    """

    classes: tuple[str, ...]
    digest: str
    pictures: tuple[Picture, ...]
    task: str = "detect"
    keypoints: tuple[int, int] | None = None

    @property
    def objects(self) -> int:
        """Number of true objects; of a classifier, of labelled pictures."""
        return sum(len(picture.classes) for picture in self.pictures)


def read_held_out(folder: Path) -> HeldOut:
    """Read a prepared test folder. Raises HeldOutError with the file at fault."""
    try:
        document = json.loads((folder / "data.json").read_bytes())
    except (OSError, ValueError) as error:
        raise HeldOutError(f"data.json cannot be read: {error}") from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise HeldOutError(f"data.json: must be an object of version {VERSION}")
    classes, digest, task = document.get("classes"), document.get("digest"), document.get("task")
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise HeldOutError("data.json: classes must be a list of names")
    if not isinstance(digest, str) or not digest:
        raise HeldOutError("data.json: digest must be a text")
    if task not in TASKS:
        raise HeldOutError(f"data.json: task {task!r} is none of {', '.join(TASKS)}")
    labels = _Labels(folder / "labels", task, len(classes), _keypoints(task, document.get("keypoints")))
    images = folder / "images"
    paths = sorted(path for path in images.rglob("*") if path.is_file())
    pictures = tuple(labels.picture(path, path.relative_to(images)) for path in paths)
    return HeldOut(tuple(classes), digest, pictures, task, labels.keypoints)


def _keypoints(task: str, value: Any) -> tuple[int, int] | None:
    if task != "pose":
        return None
    try:
        return read_keypoints(value)
    except ValueError as error:
        raise HeldOutError(f"data.json: {error}") from None


@dataclass(frozen=True)
class _Labels:
    """The label files of one task below ``folder``."""

    folder: Path
    task: str
    classes: int
    keypoints: tuple[int, int] | None

    def picture(self, path: Path, name: Path) -> Picture:
        """The picture at ``path`` with what its label file says. Raises HeldOutError with file and line."""
        label = self.folder / name.with_suffix(".txt")
        lines = label.read_text().splitlines() if label.is_file() else []
        shown = name.with_suffix(".txt").as_posix()
        rows = [self._row(line, f"{shown}:{at}") for at, line in enumerate(lines, 1) if line.strip()]
        # A row that is there twice names one object, as in training.
        rows = list(dict.fromkeys(rows))
        if self.task == "classify" and len(rows) != 1:
            raise HeldOutError(f"{shown}: names {len(rows)} classes, a picture of a classifier has one")
        classes = np.array([row[0] for row in rows], np.int64)
        if self.task in ("segment", "obb"):
            outlines = tuple(np.array(row[1:], np.float32).reshape(-1, 2) for row in rows)
            around = [(*line.min(axis=0), *line.max(axis=0)) for line in outlines]
            boxes = np.array(around, np.float32).reshape(-1, 4).clip(0, 1)
            return Picture(name.as_posix(), path, boxes, classes, outlines=outlines)
        table = np.array([row[1:5] for row in rows if len(row) >= 5], np.float32).reshape(-1, 4)
        centre, size = table[:, :2], table[:, 2:]
        boxes = np.concatenate((centre - size / 2, centre + size / 2), axis=1).astype(np.float32)
        points = None
        if self.keypoints is not None:
            points = _add_visibility(np.array([row[5:] for row in rows], np.float32).reshape(-1, *self.keypoints))
        return Picture(name.as_posix(), path, boxes, classes, keypoints=points)

    def _row(self, line: str, where: str) -> tuple[float, ...]:
        try:
            row = tuple(float(word) for word in line.split())
        except ValueError:
            row = ()
        if not row or not np.isfinite(row).all() or row[0] not in range(self.classes) or not self._fits(len(row) - 1):
            raise HeldOutError(f"{where}: {line!r} is no label for {self.task} with {self.classes} classes")
        return row

    def _fits(self, numbers: int) -> bool:
        """Whether a row of the task may have so many numbers after its class."""
        match self.task:
            case "classify":
                return numbers == 0
            case "segment":
                return numbers >= 2 * FEWEST_CORNERS and numbers % 2 == 0
            case "obb":
                return numbers == 8
            case "pose" if self.keypoints is not None:
                return numbers == 4 + self.keypoints[0] * self.keypoints[1]
        return numbers == 4


def _add_visibility(points: Floats) -> Floats:
    """Keypoints [n, k, 3] of such with 2 or 3 numbers; of 2, a negative one means that the point is not labelled."""
    if points.shape[2] == 3:
        return points
    labelled = (points >= 0).all(axis=2, keepdims=True)
    complete: Floats = np.concatenate((points, labelled), axis=2).astype(np.float32)
    return complete
