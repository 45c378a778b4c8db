"""Reads what was sent to ``/invocations``: images and thresholds out of a content type, a body and one header.

Pure: knows no server and no model. Everything it refuses has a status from 400 to 499 and a message for the caller.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import Any

MAXIMUM_IMAGES = 32
IMAGE_TYPES = ("image/jpeg", "image/png")
ATTRIBUTES_HEADER = "X-Amzn-SageMaker-Custom-Attributes"


class InvocationError(ValueError):
    """A request that cannot be answered, with the HTTP status that says whose fault it is."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status and the message for the caller."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Thresholds:
    """From which score a detection is answered, and from which overlap two boxes are one. Fractions of 1."""

    confidence: float
    iou: float

    def changed(self, given: dict[str, Any]) -> Thresholds:
        """These with ``confidence`` and ``iou`` replaced where given. Raises InvocationError (400) outside 0 to 1."""
        return replace(self, **{key: _fraction(key, given[key]) for key in ("confidence", "iou") if key in given})


@dataclass(frozen=True)
class Invocation:
    """Encoded images and thresholds; ``many`` when the caller sent a list and expects a list."""

    images: tuple[bytes, ...]
    many: bool
    thresholds: Thresholds


def read_invocation(content_type: str, attributes: str, body: bytes, defaults: Thresholds) -> Invocation:
    """Understand one request. ``attributes`` is the custom-attributes header, such as ``confidence=0.3,iou=0.6``."""
    thresholds = defaults.changed(_attributes(attributes))
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in IMAGE_TYPES:
        return Invocation((body,), False, thresholds)
    if media_type == "application/json":
        return _json(body, thresholds)
    raise InvocationError(415, f"content type {media_type!r}: send {', '.join(IMAGE_TYPES)} or application/json")


def _attributes(text: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.partition("=")
        if key.strip() not in ("confidence", "iou") or not equals:
            raise InvocationError(400, f"{ATTRIBUTES_HEADER}: {part!r} is neither confidence=… nor iou=…")
        try:
            given[key.strip()] = float(value)
        except ValueError:
            raise InvocationError(400, f"{ATTRIBUTES_HEADER}: {part!r} names no number") from None
    return given


def _json(body: bytes, thresholds: Thresholds) -> Invocation:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvocationError(400, "the body is not JSON") from None
    if not isinstance(document, dict) or ("image" in document) == ("images" in document):
        raise InvocationError(400, 'the body must be an object with either "image" or "images"')
    unknown = sorted(set(document) - {"image", "images", "confidence", "iou"})
    if unknown:
        raise InvocationError(400, f"unknown key {unknown[0]!r}: allowed are image, images, confidence, iou")
    thresholds = thresholds.changed(document)
    if "image" in document:
        return Invocation((_base64(document["image"], "image"),), False, thresholds)
    images = document["images"]
    if not isinstance(images, list) or not 1 <= len(images) <= MAXIMUM_IMAGES:
        raise InvocationError(400, f"images: must be a list of 1 to {MAXIMUM_IMAGES} images")
    return Invocation(tuple(_base64(item, f"images[{at}]") for at, item in enumerate(images)), True, thresholds)


def _base64(value: object, where: str) -> bytes:
    if not isinstance(value, str):
        raise InvocationError(400, f"{where}: must be a JPEG or PNG in base64")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise InvocationError(400, f"{where}: is not base64") from None


def _fraction(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvocationError(400, f"{key} = {value!r}: must be a number from 0 to 1")
    return float(value)
