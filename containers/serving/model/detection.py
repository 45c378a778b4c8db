"""From the raw output of a graph of any family to boxes in pixels of the picture.

Pure arithmetic on numpy arrays: no runtime, no file, no name of a class. The other tasks begin with what is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from containers.serving.model.arrays import Flags, Floats, Indices, Integers
from containers.serving.model.mask import Region
from containers.serving.model.thresholds import Thresholds
from workflow.contract.model import USUAL_DETECTIONS

MAXIMUM_CANDIDATES = 30_000
BLOCK = 128
"""Candidates that are compared with one another at a time."""
PAIRS = 1 << 15
"""Pairs of a box kept and a candidate that are compared at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Letterbox:
    """How a picture lies in the model's input: a copy of another size, and a border around it. All in pixels.

    ``picture_width`` and ``picture_height`` are the picture's own sides, ``width`` and ``height`` those of the copy,
    ``left`` and ``top`` the border before it.
    """

    picture_width: int
    picture_height: int
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
        return Letterbox(width, height, new_width, new_height, left, top)

    @property
    def gain(self) -> Floats:
        """Pixels of the input for one pixel of the picture, along x and y.

        Not quite the same along both: the copy is of whole pixels, and its sides were rounded each for itself.
        """
        return np.array([self.width / self.picture_width, self.height / self.picture_height], np.float32)

    def to_picture(self, points: Floats) -> Floats:
        """Move points [..., 2] from the model's input to the picture."""
        moved: Floats = (points - np.array([self.left, self.top], np.float32)) / self.gain
        return moved

    def clip(self, points: Floats) -> Floats:
        """Move points [..., 2] that lie beside the picture to its edge."""
        return points.clip(0, np.array([self.picture_width, self.picture_height], np.float32)).astype(np.float32)


@dataclass(frozen=True)
class Detections:
    """Boxes [n, 4] as left, top, right, bottom in pixels, scores [n] falling, classes [n]; and what a task adds.

    pose: ``keypoints`` [n, k, 3] as x, y, visibility from 0 to 1; segment: ``masks``, n of them;
    obb: ``corners`` [n, 4, 2] and ``angles`` [n] in radians, and the box is the upright one around the corners.
    """

    boxes: Floats
    scores: Floats
    classes: Integers
    keypoints: Floats | None = None
    masks: tuple[Region, ...] | None = None
    corners: Floats | None = None
    angles: Floats | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.scores)

    @staticmethod
    def none() -> Detections:
        """No detection at all."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def keep(self, chosen: Indices | Flags) -> Detections:
        """The chosen ones, by index or by mask, with all that belongs to them."""
        masks = self.masks
        return Detections(
            self.boxes[chosen],
            self.scores[chosen],
            self.classes[chosen],
            None if self.keypoints is None else self.keypoints[chosen],
            None if masks is None else tuple(masks[at] for at in np.arange(len(masks))[chosen]),
            None if self.corners is None else self.corners[chosen],
            None if self.angles is None else self.angles[chosen],
        )

    def move(self, left: int, top: int) -> Detections:
        """The same ones so many pixels further right and down."""
        by = np.array([left, top], np.float32)
        return replace(
            self,
            boxes=self.boxes + np.tile(by, 2),
            keypoints=None if self.keypoints is None else self.keypoints + np.append(by, np.float32(0)),
            masks=None if self.masks is None else tuple(mask.move(left, top) for mask in self.masks),
            corners=None if self.corners is None else self.corners + by,
        )

    @staticmethod
    def join(several: Sequence[Detections]) -> Detections:
        """All of several, in their order; at least one, all of a task."""
        first = several[0]
        masks = None if first.masks is None else tuple(mask for one in several for mask in one.masks or ())
        arrays = {
            name: np.concatenate([getattr(one, name) for one in several])
            for name in ("boxes", "scores", "classes", "keypoints", "corners", "angles")
            if getattr(first, name) is not None
        }
        return Detections(**arrays, masks=masks)


def decode(output: Floats, classes: int, letterbox: Letterbox, thresholds: Thresholds) -> Detections:
    """Turn ``output`` [4 + classes, n] into boxes in pixels of the picture, clipped to it."""
    found, _ = strongest(output, classes, thresholds)
    return to_picture(found, letterbox)


def strongest(output: Floats, classes: int, thresholds: Thresholds) -> tuple[Detections, Indices]:
    """The candidates that no better one covers, at most ``max_detections``, and the column of each in ``output``."""
    found, columns = candidates(output, classes, thresholds)
    kept = suppress(found, thresholds.iou, thresholds.max_detections)
    return found.keep(kept), columns[kept]


def candidates(output: Floats, classes: int, thresholds: Thresholds) -> tuple[Detections, Indices]:
    """The columns of ``output`` [4 + classes + …, n] that score enough, best first, in pixels of the model's input.

    A candidate names its best class; with ``every_class`` it names each class that scores above the confidence. Of
    equal scores the lower column comes first; with ``every_class`` the lower class.
    """
    scores = output[4 : 4 + classes]
    if thresholds.every_class:
        named, columns = np.divmod(np.flatnonzero(scores > thresholds.confidence), max(1, scores.shape[1]))
        values = scores[named, columns]
    else:
        # Which class it is costs five times as much to find as how well it scores, so only the few are asked.
        best = scores.max(axis=0)
        columns = np.flatnonzero(best > thresholds.confidence)
        values, named = best[columns], scores[:, columns].argmax(axis=0)
    if thresholds.classes is not None:
        wanted = np.isin(named, thresholds.classes)
        named, columns, values = named[wanted], columns[wanted], values[wanted]
    order = _sort_falling(values)
    columns = columns[order]
    centre, size = output[:2, columns].T, output[2:4, columns].T
    found = Detections(
        np.concatenate((centre - size / 2, centre + size / 2), axis=1).astype(np.float32),
        values[order].astype(np.float32),
        named[order].astype(np.int64),
    )
    finite = np.flatnonzero(np.isfinite(found.boxes).all(axis=1))
    return found.keep(finite), columns[finite]


def suppress(detections: Detections, iou: float, most: int = USUAL_DETECTIONS) -> Indices:
    """Indices that stay, best first: a box goes when a better one of its class overlaps it by more than ``iou``.

    In blocks, so that whoever comes after the last one kept is never looked at.
    """
    sides = detections.boxes.astype(np.float64).T
    kept = np.zeros(0, np.intp)
    first, count = 0, len(detections)
    while first < count and len(kept) < most:
        last = min(count, first + max(BLOCK, PAIRS // max(1, len(kept))))
        block = np.arange(first, last)
        if len(kept):
            block = block[~_covers(sides, detections.classes, kept, block, iou).any(axis=0)]
        first = int(block[BLOCK]) if len(block) > BLOCK else last
        block = block[:BLOCK]
        kept = np.concatenate((kept, block[_suppress_greedily(_covers(sides, detections.classes, block, block, iou))]))
    return kept[:most]


def to_picture(detections: Detections, letterbox: Letterbox) -> Detections:
    """Move boxes from the model's input back to the picture and clip them to it."""
    corners = letterbox.to_picture(detections.boxes.reshape(-1, 2, 2))
    return replace(detections, boxes=letterbox.clip(corners).reshape(-1, 4))


def _sort_falling(values: Floats) -> Indices:
    """Indices of the highest 30,000 values, highest first, equal ones in their order."""
    if len(values) <= MAXIMUM_CANDIDATES:
        return np.argsort(-values, kind="stable")
    enough = np.flatnonzero(values >= np.partition(values, -MAXIMUM_CANDIDATES)[-MAXIMUM_CANDIDATES])
    return enough[np.argsort(-values[enough], kind="stable")[:MAXIMUM_CANDIDATES]]


def _covers(sides: NDArray[np.float64], classes: Integers, better: Indices, others: Indices, iou: float) -> Flags:
    """Whether each of ``better`` overlaps each of ``others`` in its class by more than ``iou``; sides [4, n]."""
    left, top, right, bottom = sides[:, better, None]
    other_left, other_top, other_right, other_bottom = sides[:, None, others]
    width = np.minimum(right, other_right) - np.maximum(left, other_left)
    height = np.minimum(bottom, other_bottom) - np.maximum(top, other_top)
    common = width.clip(0) * height.clip(0)
    union = (right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top) - common
    covers: Flags = (common > iou * union) & (classes[better, None] == classes[others])
    return covers


def _suppress_greedily(covers: Flags) -> list[int]:
    """Which of n stay, best first, when each that stays sends away those it ``covers`` [n, n]."""
    rows = [int.from_bytes(row.tobytes(), "little") for row in np.packbits(covers, axis=1, bitorder="little")]
    kept, gone = [], 0
    for at, row in enumerate(rows):
        if not gone >> at & 1:
            kept.append(at)
            gone |= row
    return kept
