"""Decodes images with OpenCV, the library that training reads them with.

Knows pixels and files, no model. Every picture passes ``image_header`` first, so size is bounded before decoding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from containers.serving.image_header import JPEG_SIGNATURE, PNG_SIGNATURE, ImageError, read_header

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def decode_image(data: bytes) -> Pixels:
    """Decode a JPEG or PNG to [height, width, blue-green-red] of 8 bits, turned as its EXIF data says.

    Grey, transparent and 16-bit images become plain colour, exactly as they do in training. Raises ImageError.
    """
    read_header(data)
    return _decode(data)


def as_sent(path: Path) -> bytes:
    """The image as a client would send it: a JPEG or PNG as it is, any other format as a PNG of the same pixels."""
    data = path.read_bytes()
    if data.startswith((PNG_SIGNATURE, JPEG_SIGNATURE)):
        return data
    return bytes(cv2.imencode(".png", _decode(data))[1])


def thumbnail(data: bytes, longest_side: int, quality: int) -> bytes:
    """A JPEG of the picture that is at most ``longest_side`` pixels wide and high."""
    pixels = decode_image(data)
    scale = longest_side / max(pixels.shape[:2])
    if scale < 1:
        pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _decode(data: bytes) -> Pixels:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ImageError("the image is damaged and cannot be decoded")
    return np.asarray(pixels, np.uint8)
