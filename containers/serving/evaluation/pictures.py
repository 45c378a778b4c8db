"""Chooses the pictures an approver looks at and makes them small enough for a page.

Knows what a model answered and what was true; knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from containers.serving.evaluation.held_out import HeldOut, Picture
from containers.serving.evaluation.judging import Truth
from containers.serving.evaluation.measurement import Finder, Namer, Seen
from containers.serving.model.arrays import Floats
from containers.serving.model.detection import Detections
from containers.serving.model.image import make_thumbnail, read_as_sent
from containers.serving.model.predictor import Predictor
from containers.serving.report.evidence import Point, ReportBox, ReportPicture

SHOWN = 6
LONGEST_SIDE = 640
JPEG_QUALITY = 80
VISIBLE = 0.5
"""Visibility from which a keypoint is drawn."""
MOST_POINTS = 60
"""Of an outline on the page: more would only make it heavier."""
MOST_SHAPES = 40
"""Detections of a picture whose outlines are drawn, the best-scored ones; beyond them the boxes are crowded enough."""


def choose_worst(seen: tuple[Seen, ...]) -> list[Seen]:
    """The pictures to show: most mistakes first, then the least certain."""
    return sorted(seen, key=lambda one: (-one.mistakes, one.certainty, one.picture.name))[:SHOWN]


def report_pictures(
    predictor: Predictor, held_out: HeldOut, confidence: float, seen: tuple[Seen, ...]
) -> tuple[ReportPicture, ...]:
    """The worst pictures, each looked at once more, because of all others nothing but the score was kept."""
    look = look_with(predictor, held_out, confidence)
    return tuple(look(one.picture) for one in choose_worst(seen))


def look_with(predictor: Predictor, held_out: HeldOut, confidence: float) -> Callable[[Picture], ReportPicture]:
    """What shows one picture of the held-out ones with what a model says of it, judged."""
    if held_out.task == "classify":
        namer = Namer(predictor, held_out, confidence)
        return lambda picture: _caption(namer, picture, held_out.classes)
    finder = Finder(predictor, held_out, confidence)
    return lambda picture: _judge_boxes(finder, picture, held_out.classes)


def _caption(namer: Namer, picture: Picture, classes: tuple[str, ...]) -> ReportPicture:
    inference, best = namer.name(picture)
    caption = f"labelled {classes[picture.classes[0]]}, named {best['class']} {best['score']:.2f}"
    small = _shrink(read_as_sent(picture.path))
    return ReportPicture(picture.name, inference.width, inference.height, small, (), caption)


def _judge_boxes(finder: Finder, picture: Picture, classes: tuple[str, ...]) -> ReportPicture:
    """The picture with every box named and judged."""
    found, pairs, truth = finder.find(picture)
    size = np.array([truth.width, truth.height], np.float32)
    boxes = []
    for at, right in enumerate(pairs.right):
        label = f"{classes[found.classes[at]]} {found.scores[at]:.2f}"
        outlines, points = _found_shape(found, at, size) if at < MOST_SHAPES else ((), ())
        boxes.append(ReportBox("right" if right else "wrong", label, _sides(found.boxes[at], size), outlines, points))
    for at in np.flatnonzero(pairs.missed).tolist():
        outlines, points = _true_shape(truth, at, size)
        sides = _sides(truth.boxes[at], size)
        boxes.append(ReportBox("missed", classes[truth.classes[at]], sides, outlines, points))
    small = _shrink(read_as_sent(picture.path))
    return ReportPicture(picture.name, truth.width, truth.height, small, tuple(boxes))


def _found_shape(found: Detections, at: int, size: Floats) -> tuple[tuple[tuple[Point, ...], ...], tuple[Point, ...]]:
    """Outlines and visible keypoints of one detection, as fractions."""
    if found.corners is not None:
        return (_points(found.corners[at], size),), ()
    if found.masks is not None:
        return tuple(_points(line, size) for line in found.masks[at].polygons()), ()
    if found.keypoints is not None:
        keypoints = found.keypoints[at]
        return (), _points(keypoints[keypoints[:, 2] >= VISIBLE, :2], size)
    return (), ()


def _true_shape(truth: Truth, at: int, size: Floats) -> tuple[tuple[tuple[Point, ...], ...], tuple[Point, ...]]:
    """Outline and labelled keypoints of one true object, as fractions."""
    if truth.outlines is not None:
        return (_points(truth.outlines[at], size),), ()
    if truth.keypoints is not None:
        keypoints = truth.keypoints[at]
        return (), _points(keypoints[keypoints[:, 2] > 0, :2], size)
    return (), ()


def _points(places: Floats, size: Floats) -> tuple[Point, ...]:
    """At most 60 points as fractions."""
    step = -(-len(places) // MOST_POINTS) or 1
    return tuple((float(x), float(y)) for x, y in (places[::step] / size).clip(0, 1))


def _sides(box: Floats, size: Floats) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(side) for side in (box / np.tile(size, 2)).clip(0, 1))
    return left, top, right, bottom


def _shrink(data: bytes) -> bytes:
    return make_thumbnail(data, LONGEST_SIDE, JPEG_QUALITY)
