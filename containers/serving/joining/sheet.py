"""Draws the few pictures that a batch's page shows, with what was seen on them, one colour a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from containers.serving.answer.drawing import draw_classes, draw_detections
from containers.serving.joining.answers import SUFFIX, Answered, read_answer
from containers.serving.model.detection import Detections
from containers.serving.model.image import decode_image
from containers.serving.model.image_header import ImageError

LONGEST_SIDE = 520
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 82)
MOST_NAMED = 3
"""Of a classifier's answer: its best classes."""


@dataclass(frozen=True)
class Shown:
    """One drawing as a JPEG, its size in pixels, and what was seen in words."""

    picture: str
    jpeg: bytes
    width: int
    height: int
    said: str


def draw_sheet(pictures: Path, answers: Path, model_digest: str) -> Iterator[Shown]:
    """A drawing for every picture below a folder that was answered; one that cannot be read is left out."""
    for path in sorted(pictures.rglob("*")):
        name = path.relative_to(pictures).as_posix()
        # SageMaker may leave the list of the pictures beside them; nothing answered it.
        if not path.is_file() or not (answers / f"{name}{SUFFIX}").is_file():
            continue
        one = read_answer(answers, name, model_digest)
        if one.error:
            continue
        try:
            pixels = decode_image(path.read_bytes())
        except ImageError:
            continue
        yield _draw(one, pixels)


def _draw(one: Answered, pixels: Any) -> Shown:
    height, width = pixels.shape[:2]
    factor = min(1.0, LONGEST_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    names = _names(one)
    if "classification" in one.document:
        best = [(thing["class_id"], float(thing["score"])) for thing in one.found[:MOST_NAMED]]
        drawn = draw_classes(small, best, names)
    else:
        drawn = draw_detections(small, _scaled(one, factor), names)
    jpeg = bytes(cv2.imencode(".jpg", drawn, QUALITY)[1])
    return Shown(one.picture, jpeg, *size, _say(one))


def _names(one: Answered) -> list[str]:
    """The classes' names by their numbers, as far as they were seen."""
    names = [""] * (1 + max((thing["class_id"] for thing in one.found), default=-1))
    for thing in one.found:
        names[thing["class_id"]] = str(thing["class"])
    return names


def _scaled(one: Answered, factor: float) -> Detections:
    found = one.found
    if not found:
        return Detections.none()
    corners = [thing["corners"] for thing in found] if "corners" in found[0] else None
    points = [thing["keypoints"] for thing in found] if "keypoints" in found[0] else None
    keypoints = None
    if points is not None:
        keypoints = np.array(points, np.float32)
        keypoints[..., :2] *= factor
    return Detections(
        np.array([thing["box"] for thing in found], np.float32) * factor,
        np.array([thing["score"] for thing in found], np.float32),
        np.array([thing["class_id"] for thing in found], np.int64),
        keypoints=keypoints,
        corners=None if corners is None else np.array(corners, np.float32) * factor,
    )


def _say(one: Answered) -> str:
    if "classification" in one.document:
        return f"{one.found[0]['class']}" if one.found else "no class"
    counts: dict[str, int] = {}
    for thing in one.found:
        counts[str(thing["class"])] = counts.get(str(thing["class"]), 0) + 1
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "nothing found"
