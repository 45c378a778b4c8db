"""What a classifier sees of a picture, and what it says of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from containers.serving.model.arrays import Floats, Pixels

STRIP = 4
"""Rows of the result that are made at a time: they look at nearly the same rows of the picture."""


def class_scores(outputs: Sequence[Floats]) -> Floats:
    """The score [classes] of each class for one picture; the graph itself has made them sum to 1."""
    return np.asarray(outputs[0][0], np.float32)


def fit_classify(pixels: Pixels, size: int) -> Pixels:
    """The middle square of a picture [height, width, 3], its shorter side resized to ``size``: [size, size, 3].

    As training's own transforms do it: bilinear, where a pixel that stands for several weighs all of them.
    """
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    rows, by_row = shares(height, int(size * height / shorter), size)
    columns, by_column = shares(width, int(size * width / shorter), size)
    low = _mix_rows(pixels[rows, columns], by_row).transpose(1, 0, 2)
    square = _mix_rows(low, by_column).transpose(1, 0, 2)
    return np.ascontiguousarray(np.rint(square).astype(np.uint8))


def shares(length: int, resized: int, size: int) -> tuple[slice, Floats]:
    """Which of ``length`` pixels count in the middle ``size`` of ``resized`` ones, and how much: [size, those pixels].

    A triangle around a pixel's middle, two pixels of the coarser grid wide, as Pillow's BILINEAR; each row sums to 1.
    """
    scale = length / resized
    reach = max(1.0, scale)
    middles = (round((resized - size) / 2) + np.arange(size) + 0.5) * scale
    near = slice(max(0, math.floor(middles[0] - reach)), min(length, math.ceil(middles[-1] + reach)))
    far = np.abs(np.arange(near.start, near.stop) + 0.5 - middles[:, None])
    share = (1 - far / reach).clip(0)
    return near, (share / share.sum(axis=1, keepdims=True)).astype(np.float32)


def _mix_rows(pixels: Pixels | Floats, share: Floats) -> Floats:
    """Mix the rows of pixels [rows, columns, 3] by ``share`` [size, rows]: [size, columns, 3]."""
    made = []
    for first in range(0, len(share), STRIP):
        strip = share[first : first + STRIP]
        seen = np.flatnonzero(strip.any(axis=0))
        near = slice(seen[0], seen[-1] + 1)
        flat = pixels[near].reshape(near.stop - near.start, -1).astype(np.float32)
        made.append(strip[:, near] @ flat)
    return np.concatenate(made).reshape(len(share), *pixels.shape[1:])
