"""Whether an endpoint's boxes are the evaluation's boxes.

Pure. A box close to the confidence threshold may be there or not; every box clearly above it must be there, on both
sides, with the same class, nearly the same place and nearly the same score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.contract import VERSION, ContractError, finite

MINIMUM_IOU = 0.98
SCORE_TOLERANCE = 0.02


@dataclass(frozen=True)
class Box:
    """One detection; corners x1, y1, x2, y2 in pixels of the picture that was sent."""

    name: str
    score: float
    corners: tuple[float, float, float, float]

    @staticmethod
    def parse(document: object) -> Box:
        """Read one detection. Raises ContractError on a missing or impossible value."""
        if not isinstance(document, Mapping):
            raise ContractError(f"a detection must be a JSON object, found {document!r}")
        corners = document.get("box")
        numbers = [finite(value) for value in corners] if isinstance(corners, (list, tuple)) else []
        known = [number for number in numbers if number is not None]
        score, name = finite(document.get("score")), document.get("class")
        if len(known) != 4 or len(numbers) != 4 or score is None or not isinstance(name, str):
            raise ContractError(f"a detection must have class, score and a box of 4 numbers, found {document!r}")
        return Box(name=name, score=score, corners=(known[0], known[1], known[2], known[3]))

    def text(self) -> str:
        """The box in words."""
        return f"{self.name} {self.score:.3f} at {', '.join(f'{corner:.0f}' for corner in self.corners)}"


@dataclass(frozen=True)
class Expected:
    """One picture and the boxes the evaluation drew on it."""

    file: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Expectation:
    """``smoke.json``: what the model answered during its evaluation."""

    model_digest: str
    confidence: float
    images: tuple[Expected, ...]

    @staticmethod
    def parse(document: Any) -> Expectation:
        """Read ``smoke.json``. Raises ContractError on another version, no picture, or a path for a file name."""
        if not isinstance(document, Mapping) or document.get("version") != VERSION:
            raise ContractError(f"smoke.json is no document of version {VERSION}")
        confidence, digest = finite(document.get("confidence")), document.get("model_digest")
        images = document.get("images")
        if confidence is None or not isinstance(digest, str) or not isinstance(images, list) or not images:
            raise ContractError("smoke.json must have a model_digest, a confidence and at least one image")
        return Expectation(digest, confidence, tuple(_expected(image) for image in images))


def _expected(image: Any) -> Expected:
    file = image.get("file") if isinstance(image, Mapping) else None
    if not isinstance(file, str) or not file or "/" in file or "\\" in file:
        raise ContractError(f"smoke.json names the file {file!r}")
    return Expected(file, boxes_of(image))


def boxes_of(answer: Mapping[str, Any]) -> tuple[Box, ...]:
    """The detections of an answer. Raises ContractError where they cannot be read."""
    detections = answer.get("detections")
    if not isinstance(detections, list):
        raise ContractError("there is no list of detections")
    return tuple(Box.parse(detection) for detection in detections)


def difference(expected: Sequence[Box], found: Sequence[Box], confidence: float) -> str:
    """The first difference in words; empty when both sides agree."""
    floor = confidence + SCORE_TOLERANCE
    pairs = _paired(expected, found)
    matched_expected = {left for left, _ in pairs}
    matched_found = {right for _, right in pairs}
    for at, box in enumerate(expected):
        if at not in matched_expected and box.score >= floor:
            return f"expected {box.text()} and did not find it among {len(found)} boxes"
    for at, box in enumerate(found):
        if at not in matched_found and box.score >= floor:
            return f"found {box.text()}, which the evaluation did not"
    return ""


def _paired(expected: Sequence[Box], found: Sequence[Box]) -> list[tuple[int, int]]:
    """Pair boxes that agree, best overlap first, each at most once."""
    candidates = sorted(
        (
            (overlap(left.corners, right.corners), here, there)
            for here, left in enumerate(expected)
            for there, right in enumerate(found)
            if left.name == right.name and abs(left.score - right.score) <= SCORE_TOLERANCE
        ),
        key=lambda candidate: (-candidate[0], candidate[1], candidate[2]),
    )
    pairs: list[tuple[int, int]] = []
    for iou, here, there in candidates:
        free = all(here != left and there != right for left, right in pairs)
        if iou >= MINIMUM_IOU and free:
            pairs.append((here, there))
    return pairs


def overlap(left: Sequence[float], right: Sequence[float]) -> float:
    """Intersection over union of two boxes, from 0 to 1; equal boxes overlap fully even without an area."""
    if tuple(left) == tuple(right):
        return 1.0
    width = min(left[2], right[2]) - max(left[0], right[0])
    height = min(left[3], right[3]) - max(left[1], right[1])
    if width <= 0 or height <= 0:
        return 0.0
    area_left = (left[2] - left[0]) * (left[3] - left[1])
    area_right = (right[2] - right[0]) * (right[3] - right[1])
    return width * height / (area_left + area_right - width * height)
