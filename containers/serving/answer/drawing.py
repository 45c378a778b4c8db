"""Draws what a model saw on the picture it saw it in, for people to look at. Lines and letters grow with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.detection import Detections
from workflow.marks.colours import RIM, Colour, colour_of
from workflow.marks.labels import Label, Sizes
from workflow.marks.places import place_labels

JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
"""Colour at full resolution: at half of it a thin line loses its colour to what is around it."""
FILLED = 0.4
"""How much of a mask's colour covers the picture."""
VISIBLE = 0.25
"""From which visibility a keypoint is drawn, as ultralytics draws them."""
LIMBS = (
    *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10)),
    *((1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6)),
)
"""Which of COCO's 17 keypoints of a person are joined, counted from 0, as COCO lists them."""
LIMB_KEYPOINTS = 17


def draw_detections(
    pixels: Pixels, found: Detections, classes: Sequence[str], tracks: Sequence[int] | None = None
) -> Pixels:
    """A copy of the picture [height, width, blue-green-red] with everything found in it, the best on top.

    With ``tracks``, a number for each detection, they are told apart by them: by colour, and in the label.
    """
    height, width = pixels.shape[:2]
    sizes = Sizes.of(width, height)
    canvas = pixels.copy()
    last = np.array([width - 1, height - 1] * 2)
    boxes = np.minimum(found.boxes.round().astype(np.int64), last)
    names = [classes[number] for number in found.classes.tolist()]
    numbers = found.classes.tolist() if tracks is None else tracks
    if tracks is not None:
        names = [f"{number} {name}" for number, name in zip(tracks, names, strict=True)]
    colours = [_blue_first(colour_of(number)) for number in numbers]
    worst_first = range(len(found) - 1, -1, -1)
    outlines = _find_outlines(found)
    if found.masks is not None:
        for at in worst_first:
            cv2.fillPoly(canvas, outlines[at], colours[at])
        canvas = np.asarray(cv2.addWeighted(canvas, FILLED, pixels, 1 - FILLED, 0), np.uint8)
    for at in worst_first:
        for colour, thick in ((RIM, sizes.line + 2 * sizes.rim), (colours[at], sizes.line)):
            if found.corners is None:
                left, top, right, bottom = boxes[at].tolist()
                cv2.rectangle(canvas, (left, top), (right, bottom), colour, thick)
            cv2.polylines(canvas, outlines[at], True, colour, thick, cv2.LINE_AA)
        if found.keypoints is not None:
            _draw_keypoints(canvas, found.keypoints[at], colours[at], sizes)
    scored = zip(numbers, names, found.scores.tolist(), strict=True)
    labels = [Label(number, name, score, sizes, width) for number, name, score in scored]
    places = place_labels(boxes, [label.size for label in labels], width, height)
    for at in worst_first:
        _paste(canvas, labels[at], places[at])
    return canvas


def draw_classes(pixels: Pixels, scored: Sequence[tuple[int, float]], classes: Sequence[str]) -> Pixels:
    """A copy of the picture with class ids and scores, best first, one below the other in the upper left corner."""
    height, width = pixels.shape[:2]
    canvas, top = pixels.copy(), 0
    for number, score in scored:
        label = Label(number, classes[number], score, Sizes.of(width, height), width)
        _paste(canvas, label, (0, top))
        top += label.size[1]
    return canvas


def encode(pixels: Pixels) -> bytes:
    """The picture as a JPEG; neither side may be longer than 65,500 pixels."""
    return bytes(cv2.imencode(".jpg", pixels, JPEG)[1])


def _find_outlines(found: Detections) -> list[list[Any]]:
    """Of each detection the closed lines [m, 2] that are drawn besides its box, in whole pixels."""
    if found.corners is not None:
        return [[corners] for corners in found.corners.round().astype(np.int32)]
    if found.masks is not None:
        return [[outline.round().astype(np.int32) for outline in mask.polygons()] for mask in found.masks]
    return [[] for _ in range(len(found))]


def _draw_keypoints(canvas: Pixels, keypoints: Floats, colour: Colour, sizes: Sizes) -> None:
    """Those of one detection [k, 3] that are visible, joined where they are COCO's."""
    points = [(int(x), int(y)) for x, y in keypoints[:, :2].round().tolist()]
    visible = (keypoints[:, 2] >= VISIBLE).tolist()
    limbs = LIMBS if len(points) == LIMB_KEYPOINTS else ()
    for colour_, width in ((RIM, sizes.line + 2 * sizes.rim), (colour, sizes.line)):
        for start, end in limbs:
            if visible[start] and visible[end]:
                cv2.line(canvas, points[start], points[end], colour_, width, cv2.LINE_AA)
    for point, seen in zip(points, visible, strict=True):
        if seen:
            cv2.circle(canvas, point, 2 * sizes.line + sizes.rim, RIM, -1, cv2.LINE_AA)
            cv2.circle(canvas, point, 2 * sizes.line, colour, -1, cv2.LINE_AA)


def _paste(canvas: Pixels, label: Label, place: tuple[int, int]) -> None:
    """Put a label with its left and top at ``place``, as much of it as the picture has room for."""
    left, top = place
    room = canvas[top : top + label.size[1], left : left + label.size[0]]
    if room.size:
        room[:] = label.tile()[: room.shape[0], : room.shape[1], ::-1]


def _blue_first(colour: Colour) -> Colour:
    """A colour in OpenCV's order."""
    red, green, blue = colour
    return blue, green, red
