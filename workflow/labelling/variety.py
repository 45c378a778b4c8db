"""How unlike pictures are, so that no ten of one scene are labelled.

Each becomes the colours of an 8 by 8 grid, as MPEG-7's Color Layout Descriptor does (ISO/IEC 15938-3; Kasutani and
Yamada, 2001), kept as YCbCr without its cosine transform, which changes no distance. Every picture is seen in its own
light, or two scenes at night would be more alike than one by day is to itself; the light is told beside it, with less
weight. That tells scenes apart and needs no model; it says nothing of small objects, of which the model's doubt does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from workflow.predictions.drawing import in_eight_bits

GRID = 8
"""Cells on a side."""

LIGHT = 8 / 255
"""Weight of a picture's mean colour: from black to white it is about as far as two scenes are in one light."""
_PLAIN = 4.0
"""Levels of contrast below which a picture is plain, and what is left is noise."""

Floats = NDArray[np.float32]


def describe(file: Path) -> Floats | None:
    """A picture as [195] numbers; None where the file is no picture that can be read."""
    try:
        with Image.open(file) as picture:
            # A JPEG is decoded at an eighth of its size at the least, which is plenty for the grid.
            picture.draft("RGB", (GRID * 8, GRID * 8))
            upright = in_eight_bits(ImageOps.exif_transpose(picture)).convert("YCbCr")
            small = upright.resize((GRID, GRID), Image.Resampling.BOX)
    # Of a broken file, Pillow's readers raise whatever their parsing comes upon.
    except Exception:
        return None
    cells = np.asarray(small, dtype=np.float32)
    mean = cells.mean(axis=(0, 1))
    seen: Floats = np.concatenate([((cells - mean) / (cells[..., 0].std() + _PLAIN)).ravel(), mean * LIGHT])
    return seen


def choose_various(worths: Sequence[float], features: Sequence[Floats], count: int) -> list[int]:
    """At most ``count`` of the pictures, by their places: worth a label, and unlike those that were chosen before.

    The farthest-point greedy of Gonzalez (1985), which Sener and Savarese take for active learning ("A Core-Set
    Approach", 2018), with every distance multiplied by the picture's worth: the next one is that whose worth times the
    distance to the nearest chosen one is the largest. The first is the one that is worth most.
    """
    if not worths:
        return []
    table, worth = np.stack(features), np.asarray(worths, dtype=np.float64)
    distance = np.full(len(worth), np.inf)
    chosen = [int(worth.argmax())]
    while len(chosen) < min(count, len(worth)):
        away = np.linalg.norm(table - table[chosen[-1]], axis=1)
        distance = np.minimum(distance, away)
        value = worth * distance
        value[chosen] = -1
        chosen.append(int(value.argmax()))
    return chosen
