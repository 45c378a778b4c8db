"""Decodes images with OpenCV, the library that training reads them with.

Knows pixels and files, no model. What is sent passes ``image_header`` or ``array_header`` first, so size is bounded
before decoding.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from containers.serving.model.array_header import read_array_header
from containers.serving.model.arrays import Pixels
from containers.serving.model.image_header import (
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    ImageError,
    read_header,
    strip_png,
)
from containers.serving.model.tiff_header import SIGNATURES

# OpenCV would write lines of its own to stderr for every damaged picture; who sent it is told why.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

LONGEST_JPEG = 65_500
"""Pixels of a side that libjpeg writes."""
FINE_QUALITY = 95


def decode_image(data: bytes) -> Pixels:
    """Decode a picture of a kind that is accepted to [height, width, blue-green-red] of 8 bits, turned as it says.

    Grey, transparent, palette, CMYK and 16-bit pictures become plain colour, exactly as they do in training: of 16 bits
    the upper 8 count. Of an animation, or of pages, this is the first picture. Raises ImageError.
    """
    header = read_header(data)
    return _decode(strip_png(data) if data.startswith(PNG_SIGNATURE) else data, header.kind)


def decode_array(data: bytes) -> Pixels:
    """The picture of an .npy file as [height, width, blue-green-red]. Raises ImageError.

    A stack of pictures is taken apart before, see ``array_header.single_pictures``.
    """
    header = read_array_header(data)
    values = np.frombuffer(data, np.uint8, offset=header.start)
    array = values.reshape(header.shape, order="F" if header.fortran_order else "C")
    to_colour = cv2.COLOR_GRAY2BGR if array.ndim == 2 else cv2.COLOR_RGB2BGR
    try:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(array), to_colour), np.uint8)
    except (cv2.error, MemoryError):
        raise ImageError(f"the array of shape {list(header.shape)} needs more memory than there is") from None


def read_as_sent(path: Path) -> bytes:
    """The image as a client would send it: a JPEG or PNG as it is, any other format as a PNG of the same pixels."""
    data = path.read_bytes()
    if data.startswith((PNG_SIGNATURE, JPEG_SIGNATURE)):
        return data
    return bytes(cv2.imencode(".png", _decode(data, "image"))[1])


def make_thumbnail(data: bytes, longest_side: int, quality: int) -> bytes:
    """A JPEG of the picture that is at most ``longest_side`` pixels wide and high."""
    return _encode(decode_image(data), longest_side, quality)


def make_lighter(data: bytes, most_bytes: int) -> bytes:
    """A JPEG of the picture of at most ``most_bytes``: as fine as it was, or else half as wide and high until it is."""
    pixels = decode_image(data)
    longest_side = min(max(pixels.shape[:2]), LONGEST_JPEG)
    while len(lighter := _encode(pixels, longest_side, FINE_QUALITY)) > most_bytes:
        longest_side //= 2
    return lighter


def _encode(pixels: Pixels, longest_side: int, quality: int) -> bytes:
    scale = longest_side / max(pixels.shape[:2])
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _decode(data: bytes, kind: str) -> Pixels:
    try:
        pixels = _decode_deep_tiff(data) if data.startswith(SIGNATURES) else None
        if pixels is None:
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except (cv2.error, MemoryError) as error:
        if isinstance(error, MemoryError) or error.code == cv2.Error.StsNoMem:
            raise ImageError(f"the {kind} needs more memory than there is") from None
        pixels = None
    if pixels is None:
        raise ImageError(f"the {kind} is damaged, or stored in a way that cannot be decoded")
    return np.asarray(pixels, np.uint8)


def _decode_deep_tiff(data: bytes) -> Pixels | None:
    """The picture where it has several channels of 16 bits: OpenCV rounds them, training takes their upper 8."""
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.ndim != 3:
        return None
    return np.ascontiguousarray((stored[:, :, :3] >> 8).astype(np.uint8))
