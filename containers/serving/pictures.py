"""Chooses the pictures an approver looks at and makes them small enough for a page.

Knows what a model answered and what was true; knows nothing of HTML.
"""

from __future__ import annotations

import numpy as np

from containers.serving.detection import Floats
from containers.serving.image import as_sent, thumbnail
from containers.serving.measurement import Seen
from containers.serving.report import ReportBox, ReportPicture

SHOWN = 6
LONGEST_SIDE = 640
JPEG_QUALITY = 80


def worst_first(seen: tuple[Seen, ...]) -> list[Seen]:
    """The pictures to show: most mistakes first, then the least certain."""

    def certainty(one: Seen) -> float:
        return float(one.detections.scores.min()) if len(one.detections) else 1.0

    return sorted(seen, key=lambda one: (-one.mistakes, certainty(one), one.picture.name))[:SHOWN]


def report_picture(seen: Seen, classes: tuple[str, ...]) -> ReportPicture:
    """A small JPEG of the picture with every box named and judged."""
    size = np.array([seen.width, seen.height] * 2, np.float32)
    boxes = []
    for box, score, class_id, right in zip(
        seen.detections.boxes, seen.detections.scores, seen.detections.classes, seen.right, strict=True
    ):
        label = f"{classes[class_id]} {score:.2f}"
        boxes.append(ReportBox("right" if right else "wrong", label, _fractions(box / size)))
    for box, class_id, lost in zip(seen.picture.boxes, seen.picture.classes, seen.missed, strict=True):
        if lost:
            boxes.append(ReportBox("missed", classes[class_id], _fractions(box.clip(0, 1))))
    small = thumbnail(as_sent(seen.picture.path), LONGEST_SIDE, JPEG_QUALITY)
    return ReportPicture(seen.picture.name, seen.width, seen.height, small, tuple(boxes))


def _fractions(box: Floats) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(side) for side in box)
    return left, top, right, bottom
