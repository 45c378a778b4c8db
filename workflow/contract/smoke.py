"""``smoke.json``: held-out pictures, and what the model answered to exactly their bytes when it was measured.

The evaluation writes it, the gate asks that it is there, and a release expects the endpoint to answer the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.contract.reading import VERSION, ContractError, finite


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
class Named:
    """One of the classes that a classifier names, with its score."""

    name: str
    score: float

    @staticmethod
    def parse(document: object) -> Named:
        """Read one class. Raises ContractError on a missing or impossible value."""
        given = document if isinstance(document, Mapping) else {}
        score, name = finite(given.get("score")), given.get("class")
        if score is None or not isinstance(name, str):
            raise ContractError(f"a class must have class and score, found {document!r}")
        return Named(name, score)


Answer = tuple[Box, ...] | tuple[Named, ...]


@dataclass(frozen=True)
class Expected:
    """One picture and what the evaluation saw in it."""

    file: str
    answer: Answer


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
    return Expected(file, answer_of(image))


def answer_of(document: Mapping[str, Any]) -> Answer:
    """Detections or classes of an answer. Raises ContractError where they cannot be read."""
    detections, named = document.get("detections"), document.get("classification")
    if isinstance(detections, list) and named is None:
        return tuple(Box.parse(detection) for detection in detections)
    if isinstance(named, list) and named and detections is None:
        return tuple(Named.parse(one) for one in named)
    raise ContractError("there is no list of detections, and none of classes")


def overlap(left: Sequence[float], right: Sequence[float]) -> float:
    """Intersection over union of two boxes, from 0 to 1; equal boxes overlap fully even without an area."""
    if tuple(left) == tuple(right):
        return 1.0
    width = min(left[2], right[2]) - max(left[0], right[0])
    height = min(left[3], right[3]) - max(left[1], right[1])
    shared = max(width, 0) * max(height, 0)
    if shared == 0:
        return 0.0
    area_left = (left[2] - left[0]) * (left[3] - left[1])
    area_right = (right[2] - right[0]) * (right[3] - right[1])
    return shared / (area_left + area_right - shared)
