"""What a picture looks like: a thumbnail of it, and a hash of that by which likely copies are found.

Knows no files and no other picture.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

EDGE = 32
"""Width and height of a thumbnail."""
THUMBNAIL = EDGE * EDGE
"""Bytes of a thumbnail: grey levels, row by row."""

_GRID = 9
_STEP = np.uint8(2)
_PLAIN = 5.0
"""Standard deviation of the grey levels, 0 to 255, below which a picture is too plain to be told from another."""


def in_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits by its upper 8, as training reads it: Pillow would make white of nearly all of it."""
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def look_of(grey: Image.Image) -> tuple[bytes, bytes]:
    """The perceptual hash of a grey picture, 128 bits, and its thumbnail; both empty for a plain picture.

    The difference hash (dHash) of N. Krawetz, along rows and along columns: the picture is scaled down to 9 x 9, and
    every bit says whether a grey level is above the one before, by more than the noise of a dark or plain part. Copies
    in another size or quality differ in few bits.
    """
    thumbnail = grey.resize((EDGE, EDGE), Image.Resampling.BILINEAR)
    small = np.asarray(thumbnail.resize((_GRID, _GRID), Image.Resampling.BILINEAR))
    if _is_plain(small.tobytes()):
        return b"", b""
    floor = small[:-1, :-1].clip(0, 255 - _STEP) + _STEP
    return np.packbits(np.stack([small[:-1, 1:] > floor, small[1:, :-1] > floor])).tobytes(), thumbnail.tobytes()


def _is_plain(levels: bytes) -> bool:
    # For 81 numbers plain Python is faster than numpy. Variance: mean of squares less square of the mean.
    mean = sum(levels) / len(levels)
    return sum([level * level for level in levels]) / len(levels) - mean * mean < _PLAIN * _PLAIN
