"""Run by the training image's Python: the sample's scenes as training channels of all five tasks.

``python -m tests.bench.precision.scenes FOLDER TRAIN VALIDATION``: FOLDER/<task> becomes what the preparation writes.
What lies in a scene is taken from the stamps that the sample puts there: its outline, the smallest turned box around
that, and as key points the outermost ones of the outline. A classifier is shown one thing at a time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.bench.precision.channel import describe
from workflow.contract.model import TASKS
from workflow.demo.sample.fasteners import CLASSES

camera = import_module("workflow.demo.sample.photograph")
"""The module: its package calls the function after it."""
SIDE = int(camera.SIDE)
SEED = 11
SPLITS = ("train", "validation")
MARGIN = 0.15
"""Of a thing's longer side, around it where it is shown alone."""
ALONE = 128
"""Pixels of such a picture's side."""
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Thing:
    """A fastener in a scene: its class, its box and outline [corners, 2] in pixels."""

    class_id: int
    box: tuple[float, float, float, float]
    outline: Points

    def row(self, task: str) -> str:
        """Its label, as YOLO writes it."""
        left, top, right, bottom = self.box
        numbers: Any = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
        if task == "segment":
            numbers = self.outline.ravel()
        elif task == "obb":
            numbers = cv2.boxPoints(cv2.minAreaRect(self.outline.astype(np.float32))).clip(0, SIDE).ravel()
        shares = [f"{number / SIDE:.6f}" for number in numbers]
        if task == "pose":
            shares += [f"{x / SIDE:.6f} {y / SIDE:.6f} 2" for x, y in self.ends()]
        return " ".join([str(self.class_id), *shares])

    def ends(self) -> Points:
        """Its outermost points to the left, above, to the right and below: [4, 2]."""
        x, y = self.outline.T
        return self.outline[[x.argmin(), y.argmin(), x.argmax(), y.argmax()]]


def scene(split: int, at: int) -> tuple[Image.Image, list[Thing]]:
    """One picture of the sample, and what lies there."""
    put: list[tuple[Any, int, int]] = []
    real = camera._put

    def note(field: Any, stamp: Any, left: int, top: int, *rest: Any) -> None:
        put.append((stamp, left, top))
        real(field, stamp, left, top, *rest)

    with mock.patch.object(camera, "_put", note):
        picture, labelled = camera.photograph(np.random.default_rng([SEED, split, at]))
    return picture, [
        Thing(one.class_id, one.box, _outline(stamp.coverage) + np.array([left, top]))
        for one, (stamp, left, top) in zip(labelled, put, strict=True)
    ]


def _outline(coverage: NDArray[np.float64]) -> Points:
    found, _ = cv2.findContours((coverage > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = cv2.approxPolyDP(max(found, key=cv2.contourArea), 0.5, closed=True)
    return np.asarray(largest, np.float64).reshape(-1, 2)


def write_scene(folder: Path, split: int, at: int) -> None:
    """One scene with the labels of every task."""
    picture, things = scene(split, at)
    for task in TASKS:
        pictures = alone(picture, things) if task == "classify" else [(picture, [one.row(task) for one in things])]
        for number, (shown, rows) in enumerate(pictures):
            name = f"{SPLITS[split]}/{at:05d}-{number}"
            shown.save(folder / task / "images" / f"{name}.jpg", quality=88)
            (folder / task / "labels" / f"{name}.txt").write_text("\n".join([*rows, ""]), encoding="utf-8")


def alone(picture: Image.Image, things: list[Thing]) -> Iterator[tuple[Image.Image, list[str]]]:
    """Each thing by itself, with its class."""
    for one in things:
        left, top, right, bottom = one.box
        half = max(right - left, bottom - top) * (0.5 + MARGIN)
        x, y = (left + right) / 2, (top + bottom) / 2
        cut = picture.crop((int(x - half), int(y - half), int(x + half), int(y + half)))
        yield cut.resize((ALONE, ALONE)), [str(one.class_id)]


def main(folder: Path, train: int, validation: int) -> None:
    """Draw all scenes, and describe the channels."""
    for task in TASKS:
        for kind in ("images", "labels"):
            for name in SPLITS:
                (folder / task / kind / name).mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        for split, count in enumerate((train, validation)):
            list(pool.map(partial(write_scene, folder, split), range(count), chunksize=8))
    for task in TASKS:
        describe(folder / task, task, CLASSES, (4, 3))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
