"""Reads size and completeness of a TIFF's first page from its directory, before anything is decoded.

Pure; see TIFF Revision 6.0 and Adobe's technical notes. What is accepted is what the preparation hands to training and
every OpenCV reads: 1 to 16 bits a channel, whole numbers, in the usual compressions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from workflow.contract.model import MAXIMUM_PIXELS

SIGNATURES = (b"II*\0", b"MM\0*")
MAXIMUM_TAGS = 4096
MAXIMUM_PIECES = 65_536
"""Strips or tiles of a picture; those of 50 megapixels have some thousand."""

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _OFFSETS, _CHANNELS, _LENGTHS = 256, 257, 258, 259, 273, 277, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_LENGTHS, _SAMPLE_FORMAT = 322, 323, 324, 325, 339
_READ = {_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _OFFSETS, _CHANNELS, _LENGTHS}
_READ |= {_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_LENGTHS, _SAMPLE_FORMAT}
_LETTERS = {1: "B", 3: "H", 4: "I"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of a value by its kind."""
_ACCEPTED_BITS = frozenset({1, 2, 4, 8, 16})
# None, three for fax, LZW, JPEG, Deflate twice, and runs of bytes.
_ACCEPTED_COMPRESSIONS = frozenset({1, 2, 3, 4, 5, 7, 8, 32946, 32773})
_WHOLE_NUMBERS = frozenset({1, 4})
_WRITTEN_BYTES = 4
"""A pixel of 8 bits is written out in so many on the way to its colours."""


class TiffError(ValueError):
    """The TIFF is cut off or of a kind that is not accepted."""


class TruncatedTiffError(TiffError):
    """The TIFF's end is missing."""


@dataclass(frozen=True)
class TiffHeader:
    """Size in pixels as stored, and how many bytes a pixel is unpacked to."""

    width: int
    height: int
    effort_a_pixel: float


def read_tiff(data: bytes) -> TiffHeader:
    """Read the directory of a file that begins as one of SIGNATURES. Raises TiffError."""
    tags = _read_tags(data, "<" if data.startswith(b"II") else ">")
    width, height = tags.get(_WIDTH, (0,))[0], tags.get(_HEIGHT, (0,))[0]
    channels, bits = tags.get(_CHANNELS, (1,))[0], set(tags.get(_BITS, (1,)))
    compression = tags.get(_COMPRESSION, (1,))[0]
    if len(bits) != 1 or not bits <= _ACCEPTED_BITS or not set(tags.get(_SAMPLE_FORMAT, (1,))) <= _WHOLE_NUMBERS:
        raise TiffError("does not have whole numbers of 1, 2, 4, 8 or 16 bits a channel")
    if compression not in _ACCEPTED_COMPRESSIONS:
        raise TiffError(f"is of compression {compression}; none, LZW, Deflate, JPEG, PackBits and fax are accepted")
    tiled = _TILE_OFFSETS in tags
    offsets = tags.get(_TILE_OFFSETS if tiled else _OFFSETS, ())
    lengths = tags.get(_TILE_LENGTHS if tiled else _LENGTHS, ())
    if not offsets or len(offsets) != len(lengths) or not all(lengths):
        raise TruncatedTiffError("does not say where its pixels are")
    if any(start + length > len(data) for start, length in zip(offsets, lengths, strict=True)):
        raise TruncatedTiffError("its end is missing")
    unpacked = width * height
    if tiled:
        unpacked = len(offsets) * tags.get(_TILE_WIDTH, (0,))[0] * tags.get(_TILE_HEIGHT, (0,))[0]
        if unpacked > 2 * MAXIMUM_PIXELS:
            raise TiffError(f"has tiles of {unpacked} pixels altogether for {width} x {height} pixels")
    effort = unpacked / max(width * height, 1) * max(bits.pop() * channels / 8, _WRITTEN_BYTES)
    return TiffHeader(width, height, effort)


def _read_tags(data: bytes, order: str) -> dict[int, tuple[int, ...]]:
    """The values of those tags of the first directory that say how large the picture is and where it lies."""
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        if count > MAXIMUM_TAGS:
            raise TiffError(f"has more than {MAXIMUM_TAGS} tags")
        tags = {}
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", data, at)
            length = values * _SIZES.get(kind, 1)
            # Up to four bytes stand in the directory itself, more where it says.
            where = at + 8 if length <= 4 else struct.unpack_from(f"{order}I", data, at + 8)[0]
            if where + length > len(data):
                raise TruncatedTiffError("its end is missing")
            if tag in _READ and kind in _LETTERS and values:
                if values > MAXIMUM_PIECES:
                    raise TiffError(f"has more than {MAXIMUM_PIECES} strips or tiles")
                tags[tag] = struct.unpack_from(f"{order}{values}{_LETTERS[kind]}", data, where)
        struct.unpack_from(f"{order}I", data, start + 2 + 12 * count)
    except struct.error:
        raise TruncatedTiffError("its end is missing") from None
    return tags
