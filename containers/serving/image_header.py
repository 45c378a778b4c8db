"""Reads kind, size and completeness of a JPEG or PNG from its bytes, before anything is decoded.

Pure: a picture that claims a hundred gigapixels costs a few microseconds here and no memory.
"""

from __future__ import annotations

from dataclasses import dataclass

MAXIMUM_PIXELS = 50_000_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = b"\xff\xd9"


class ImageError(ValueError):
    """The bytes are no image we accept; the message is fit for whoever sent them."""


@dataclass(frozen=True)
class ImageHeader:
    """Media type and size in pixels as stored, before any rotation the EXIF data asks for."""

    media_type: str
    width: int
    height: int


def read_header(data: bytes) -> ImageHeader:
    """Return the header of a complete JPEG or PNG of at most 50 megapixels; raises ImageError otherwise."""
    if data.startswith(PNG_SIGNATURE):
        header = _png(data)
    elif data.startswith(JPEG_SIGNATURE):
        header = _jpeg(data)
    else:
        raise ImageError("the image is empty" if not data else "the image is neither a JPEG nor a PNG")
    if header.width < 1 or header.height < 1:
        raise ImageError(f"the image claims a size of {header.width} x {header.height} pixels")
    if header.width * header.height > MAXIMUM_PIXELS:
        raise ImageError(
            f"the image has {header.width} x {header.height} pixels, at most {MAXIMUM_PIXELS} are accepted"
        )
    return header


def _png(data: bytes) -> ImageHeader:
    if data[12:16] != b"IHDR" or b"IEND" not in data[-64:]:
        raise ImageError("the PNG is truncated or damaged")
    return ImageHeader("image/png", int.from_bytes(data[16:20]), int.from_bytes(data[20:24]))


def _jpeg(data: bytes) -> ImageHeader:
    at, header = 2, None
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _START_OF_SCAN:
            if header is None or data.find(_END_OF_IMAGE, at) < 0:
                break
            return header
        if marker in _START_OF_FRAME and at + 9 <= len(data):
            header = ImageHeader(
                "image/jpeg", int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
            )
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise ImageError("the JPEG is truncated or damaged")
