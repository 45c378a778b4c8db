"""Draws what a model saw on the picture it saw it in, for people to look at.

Lines and letters grow with the picture. The colour of a class is one of seven that colour-blind people tell apart
(Okabe and Ito, "Color Universal Design"), and every line has a dark rim, so that it shows on any ground.

OpenCV's letters are ASCII. A name keeps its letters without their accents where that is all it takes ("tête" becomes
"tete"); any other name is drawn as the number of its class ("class 3").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from containers.serving.answer.labels import place_labels
from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.detection import Detections

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (0, 159, 230),
    (233, 180, 86),
    (115, 158, 0),
    (66, 228, 240),
    (178, 114, 0),
    (0, 94, 213),
    (167, 121, 204),
)
"""Orange, sky blue, bluish green, yellow, blue, vermilion and reddish purple, as blue-green-red."""
RIM: Colour = (32, 32, 32)
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
FONT = cv2.FONT_HERSHEY_DUPLEX
FONT_HEIGHT = 21
"""Pixels from the base line to the top of a capital at scale 1."""
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
"""Colour at full resolution: at half of it a thin line loses its colour to what is around it."""
LONGEST_NAME = 24
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


@dataclass(frozen=True)
class Style:
    """Sizes in pixels for a picture: of lines and of their rims, of capitals and of the space around a text."""

    line: int
    rim: int
    capital: int
    space: int

    @staticmethod
    def of(pixels: Pixels) -> Style:
        """Fit for a picture [height, width, 3]; of a long and narrow one, three times the shorter side counts."""
        height, width = pixels.shape[:2]
        side = min(max(height, width), 3 * min(height, width))
        return Style(
            line=max(2, round(side / 320)),
            rim=max(1, round(side / 1000)),
            capital=max(8, round(side / 65)),
            space=max(3, round(side / 180)),
        )

    @property
    def weight(self) -> int:
        """Of the letters' strokes."""
        return max(1, round(self.capital / 10))

    @property
    def label_height(self) -> int:
        """Of a text with its ground."""
        return self.capital + 2 * self.space

    def label_size(self, text: str, width: int) -> tuple[int, int]:
        """Width and height of a text with its ground in a picture of ``width``."""
        return min(width, self._wide(text) + 2 * self.space), self.label_height

    def scale(self, text: str, width: int) -> float:
        """Of the font: smaller where the text is too wide for a picture of ``width``."""
        return self.capital / FONT_HEIGHT * min(1.0, max(1, width - 2 * self.space) / self._wide(text))

    def _wide(self, text: str) -> int:
        return int(cv2.getTextSize(text, FONT, self.capital / FONT_HEIGHT, self.weight)[0][0])


def draw_detections(pixels: Pixels, found: Detections, classes: Sequence[str]) -> Pixels:
    """A copy of the picture [height, width, blue-green-red] with everything found in it, the best on top."""
    style = Style.of(pixels)
    canvas = pixels.copy()
    last = np.array([pixels.shape[1] - 1, pixels.shape[0] - 1] * 2)
    boxes = np.minimum(found.boxes.round().astype(np.int64), last)
    colours = [COLOURS[class_id % len(COLOURS)] for class_id in found.classes.tolist()]
    worst_first = range(len(found) - 1, -1, -1)
    outlines = _find_outlines(found)
    if found.masks is not None:
        for at in worst_first:
            cv2.fillPoly(canvas, outlines[at], colours[at])
        canvas = np.asarray(cv2.addWeighted(canvas, FILLED, pixels, 1 - FILLED, 0), np.uint8)
    for at in worst_first:
        for colour, width in ((RIM, style.line + 2 * style.rim), (colours[at], style.line)):
            if found.corners is None:
                left, top, right, bottom = boxes[at].tolist()
                cv2.rectangle(canvas, (left, top), (right, bottom), colour, width)
            cv2.polylines(canvas, outlines[at], True, colour, width, cv2.LINE_AA)
        if found.keypoints is not None:
            _draw_keypoints(canvas, found.keypoints[at], colours[at], style)
    scored = zip(found.classes.tolist(), found.scores.tolist(), strict=True)
    texts = [_name_and_score(class_id, score, classes) for class_id, score in scored]
    height, width = pixels.shape[:2]
    places = place_labels(boxes, [style.label_size(text, width) for text in texts], width, height)
    for at in worst_first:
        _draw_label(canvas, texts[at], places[at], colours[at], style)
    return canvas


def draw_classes(pixels: Pixels, scored: Sequence[tuple[int, float]], classes: Sequence[str]) -> Pixels:
    """A copy of the picture with class ids and scores, best first, one below the other in the upper left corner."""
    style = Style.of(pixels)
    canvas = pixels.copy()
    for row, (class_id, score) in enumerate(scored):
        place, colour = (0, row * style.label_height), COLOURS[class_id % len(COLOURS)]
        _draw_label(canvas, _name_and_score(class_id, score, classes), place, colour, style)
    return canvas


def encode(pixels: Pixels) -> bytes:
    """The picture as a JPEG; neither side may be longer than 65,500 pixels."""
    return bytes(cv2.imencode(".jpg", pixels, JPEG)[1])


def to_ascii(name: str, class_id: int) -> str:
    """A name in OpenCV's letters, at most ``LONGEST_NAME`` of them; see the top of this file."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    if not (plain.isascii() and plain.isprintable()):
        return f"class {class_id}"
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 2]}.."


def _find_outlines(found: Detections) -> list[list[Any]]:
    """Of each detection the closed lines [m, 2] that are drawn besides its box, in whole pixels."""
    if found.corners is not None:
        return [[corners] for corners in found.corners.round().astype(np.int32)]
    if found.masks is not None:
        return [[outline.round().astype(np.int32) for outline in mask.polygons()] for mask in found.masks]
    return [[] for _ in range(len(found))]


def _draw_keypoints(canvas: Pixels, keypoints: Floats, colour: Colour, style: Style) -> None:
    """Those of one detection [k, 3] that are visible, joined where they are COCO's."""
    points = [(int(x), int(y)) for x, y in keypoints[:, :2].round().tolist()]
    visible = (keypoints[:, 2] >= VISIBLE).tolist()
    limbs = LIMBS if len(points) == LIMB_KEYPOINTS else ()
    for colour_, width in ((RIM, style.line + 2 * style.rim), (colour, style.line)):
        for start, end in limbs:
            if visible[start] and visible[end]:
                cv2.line(canvas, points[start], points[end], colour_, width, cv2.LINE_AA)
    for point, seen in zip(points, visible, strict=True):
        if seen:
            cv2.circle(canvas, point, 2 * style.line + style.rim, RIM, -1, cv2.LINE_AA)
            cv2.circle(canvas, point, 2 * style.line, colour, -1, cv2.LINE_AA)


def _name_and_score(class_id: int, score: float, classes: Sequence[str]) -> str:
    return f"{to_ascii(classes[class_id], class_id)} {score:.2f}"


def _draw_label(canvas: Pixels, text: str, place: tuple[int, int], colour: Colour, style: Style) -> None:
    """A text on a ground of its colour within a rim, whose left and top are at ``place``."""
    (left, top), (wide, high) = place, style.label_size(text, canvas.shape[1])
    rim = style.rim
    cv2.rectangle(canvas, place, (left + wide - 1, top + high - 1), RIM, -1)
    cv2.rectangle(canvas, (left + rim, top + rim), (left + wide - 1 - rim, top + high - 1 - rim), colour, -1)
    base = (left + style.space, top + high - style.space - 1)
    cv2.putText(
        canvas, text, base, FONT, style.scale(text, canvas.shape[1]), _choose_ink(colour), style.weight, cv2.LINE_AA
    )


def _choose_ink(ground: Colour) -> Colour:
    """Black or white, whichever stands out more: relative luminance and contrast as WCAG 2 defines them."""
    blue, green, red = (
        (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4) for part in ground
    )
    return BLACK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else WHITE
