"""From the raw output of a YOLOv8 graph to boxes in pixels of the picture.

Pure arithmetic on numpy arrays: no runtime, no file, no name of a class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

MAXIMUM_CANDIDATES = 30_000
MAXIMUM_DETECTIONS = 300


@dataclass(frozen=True)
class Letterbox:
    """How a picture lies in the model's input: scale, then border. All in pixels except ``scale``."""

    scale: float
    width: int
    height: int
    left: int
    top: int

    @staticmethod
    def fit(width: int, height: int, input_width: int, input_height: int) -> Letterbox:
        """The largest centred copy of a picture that keeps its proportions, rounded as in training."""
        scale = min(input_width / width, input_height / height)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        left = round((input_width - new_width) / 2 - 0.1)
        top = round((input_height - new_height) / 2 - 0.1)
        return Letterbox(scale, new_width, new_height, left, top)


@dataclass(frozen=True)
class Detections:
    """Boxes [n, 4] as left, top, right, bottom in pixels, scores [n] falling, classes [n]."""

    boxes: Floats
    scores: Floats
    classes: Integers

    def __len__(self) -> int:
        """How many there are."""
        return len(self.scores)

    @staticmethod
    def none() -> Detections:
        """No detection at all."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def keep(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Detections:
        """The chosen ones, by index or by mask."""
        return Detections(self.boxes[chosen], self.scores[chosen], self.classes[chosen])


def decode(output: Floats, *, confidence: float, iou: float, every_class: bool = False) -> Detections:
    """Turn ``output`` [4 + classes, candidates] into at most 300 detections, in pixels of the model's input.

    A candidate names its best class; with ``every_class`` it names each class that scores above ``confidence``,
    which is how average precision is measured. Overlapping boxes are thinned within a class.
    """
    scores = output[4:]
    if every_class:
        classes, places = np.nonzero(scores > confidence)
        values = scores[classes, places]
    else:
        best, values = scores.argmax(axis=0), scores.max(axis=0)
        places = np.flatnonzero(values > confidence)
        classes, values = best[places], values[places]
    order = np.argsort(-values, kind="stable")[:MAXIMUM_CANDIDATES]
    centre, size = output[:2, places[order]].T, output[2:4, places[order]].T
    found = Detections(
        np.concatenate((centre - size / 2, centre + size / 2), axis=1).astype(np.float32),
        values[order].astype(np.float32),
        classes[order].astype(np.int64),
    )
    found = found.keep(np.flatnonzero(np.isfinite(found.boxes).all(axis=1)))
    return found.keep(suppress(found, iou))


def suppress(detections: Detections, iou: float) -> NDArray[np.intp]:
    """Indices that stay, best first: a box goes when a better one of its class overlaps it by more than ``iou``."""
    left, top, right, bottom = detections.boxes.astype(np.float64).T
    area = (right - left) * (bottom - top)
    kept: list[int] = []
    waiting = np.arange(len(detections))
    while len(waiting) and len(kept) < MAXIMUM_DETECTIONS:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        width = np.minimum(right[best], right[waiting]) - np.maximum(left[best], left[waiting])
        height = np.minimum(bottom[best], bottom[waiting]) - np.maximum(top[best], top[waiting])
        common = width.clip(0) * height.clip(0)
        union = area[best] + area[waiting] - common
        covered = common > iou * union
        waiting = waiting[~(covered & (detections.classes[waiting] == detections.classes[best]))]
    return np.array(kept, dtype=np.intp)


def to_picture(detections: Detections, letterbox: Letterbox, width: int, height: int) -> Detections:
    """Move boxes from the model's input back to the picture of ``width`` x ``height`` pixels and clip them to it."""
    border = np.array([letterbox.left, letterbox.top] * 2, np.float32)
    limit = np.array([width, height] * 2, np.float32)
    boxes = ((detections.boxes - border) / np.float32(letterbox.scale)).clip(0, limit)
    return Detections(boxes.astype(np.float32), detections.scores, detections.classes)
