"""The sizes of input that a model is run with: made ready by what serves, and what an engine for a GPU is built for."""

from __future__ import annotations

import math
from functools import cache

STRIDE = 32
"""Pixels; the sides of a graph's input are multiples of it."""
RATIOS = ((1, 1), (3, 4), (4, 3), (9, 16), (16, 9))
"""Height to width of the inputs that a model of free size is run with, those of most cameras. For each of them the
graph is compiled, which takes half a second once and 30 MB for good: whatever is sent, there are no more than these."""


@cache
def input_shapes(longest: int) -> tuple[tuple[int, int], ...]:
    """Heights and widths of the inputs of a model of free size, the smallest first.

    >>> input_shapes(640)
    ((384, 640), (640, 384), (480, 640), (640, 480), (640, 640))
    """
    shapes = {
        (_whole_strides(longest * height / max(height, width)), _whole_strides(longest * width / max(height, width)))
        for height, width in RATIOS
    }
    return tuple(sorted(shapes, key=lambda shape: (shape[0] * shape[1], shape)))


def _whole_strides(pixels: float) -> int:
    return math.ceil(pixels / STRIDE) * STRIDE
