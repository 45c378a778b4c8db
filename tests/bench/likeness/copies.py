"""Ways in which a copy of a picture comes about."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from PIL import Image

Copy = Callable[[Image.Image], bytes]


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    """The picture as a JPEG."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _scaled(factor: float) -> Copy:
    def copy(picture: Image.Image) -> bytes:
        size = (round(picture.width * factor), round(picture.height * factor))
        return jpeg(picture.resize(size, Image.Resampling.LANCZOS), 85)

    return copy


def _cut(left: float, top: float, right: float, bottom: float) -> Copy:
    def copy(picture: Image.Image) -> bytes:
        wide, high = picture.size
        box = (left * wide, top * high, (1 - right) * wide, (1 - bottom) * high)
        return jpeg(picture.crop(tuple(map(round, box))), 85)  # type: ignore[arg-type]

    return copy


def _lit(level: Callable[[int], float]) -> Copy:
    table = [max(0, min(255, round(level(value)))) for value in range(256)] * 3
    return lambda picture: jpeg(picture.convert("RGB").point(table), 85)


def _as(form: str) -> Copy:
    def copy(picture: Image.Image) -> bytes:
        stream = io.BytesIO()
        picture.convert("RGB").save(stream, form)
        return stream.getvalue()

    return copy


COPIES: Mapping[str, Copy] = {
    "JPEG of quality 95": lambda picture: jpeg(picture, 95),
    "JPEG of quality 70": lambda picture: jpeg(picture, 70),
    "JPEG of quality 40": lambda picture: jpeg(picture, 40),
    "JPEG of quality 20": lambda picture: jpeg(picture, 20),
    "PNG": _as("PNG"),
    "WebP": _as("WEBP"),
    "half as large": _scaled(0.5),
    "a third as large": _scaled(0.33),
    "half as large again": _scaled(1.5),
    "stretched to a square": lambda picture: jpeg(picture.resize((640, 640)), 85),
    "10 % brighter": _lit(lambda value: value * 1.1),
    "15 levels darker": _lit(lambda value: value - 15),
    "brighter by a curve": _lit(lambda value: 255 * (value / 255) ** 0.85),
    "1 % cut off all edges": _cut(0.01, 0.01, 0.01, 0.01),
    "2 % cut off all edges": _cut(0.02, 0.02, 0.02, 0.02),
    "3 % cut off all edges": _cut(0.03, 0.03, 0.03, 0.03),
    "3 % cut off one edge": _cut(0.03, 0, 0, 0),
    "3 % cut off two edges": _cut(0.03, 0.03, 0, 0),
}
"""Each way by its name."""
