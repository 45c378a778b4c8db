"""From the raw outputs of a segmentation graph to boxes and masks in pixels of the picture."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from containers.serving.model.arrays import Doubles, Floats
from containers.serving.model.detection import Detections, Letterbox, strongest, to_picture
from containers.serving.model.mask import Mask
from containers.serving.model.thresholds import Thresholds

STRIDE = 4
"""Pixels of the model's input for one of a prototype."""


def decode(
    output: Floats, prototypes: Floats, classes: int, letterbox: Letterbox, thresholds: Thresholds
) -> Detections:
    """Turn ``output`` [4 + classes + k, n] and ``prototypes`` [k, rows, columns] into boxes and masks.

    A mask is the sum of the prototypes, weighed by the detection's k numbers and cropped to its box. As in training's
    own framework a detection goes whose mask has no pixel in its box.
    """
    found, columns = strongest(output, classes, thresholds)
    weights = output[4 + classes :, columns].T
    finite = np.flatnonzero(np.isfinite(weights).all(axis=1))
    found, weights = to_picture(found.keep(finite), letterbox), weights[finite]
    columns_seen, rows_seen = _inside(letterbox.left, letterbox.width), _inside(letterbox.top, letterbox.height)
    pitch = letterbox.gain.astype(np.float64) / STRIDE
    # Where on the prototypes seen the middle of the picture's first pixel lies, counted from the middle of their first.
    origin = np.array([letterbox.left, letterbox.top]) / STRIDE + (pitch - 1) / 2
    origin -= (columns_seen.start, rows_seen.start)
    seen = prototypes[:, rows_seen, columns_seen]
    masks = tuple(_mask(box, own, seen, origin, pitch) for box, own in zip(found.boxes, weights, strict=True))
    return replace(found, masks=masks).keep(np.array([mask.any() for mask in masks], bool))


def _inside(border: int, length: int) -> slice:
    """The prototypes whose middle lies on the picture, along one side: those beside it would bleed into its edge."""
    first = math.ceil(border / STRIDE - 0.5)
    return slice(first, max(first + 1, math.ceil((border + length) / STRIDE - 0.5)))


def _mask(box: Floats, weights: Floats, prototypes: Floats, origin: Doubles, pitch: Doubles) -> Mask:
    """The mask of one box, in pixels of the picture: of those that begin inside the box."""
    left, top, right, bottom = (math.ceil(side) for side in box.tolist())
    start = origin + pitch * (left, top)
    end = start + pitch * (right - left, bottom - top)
    limit = np.array(prototypes.shape[:0:-1]) - 1  # the last column, the last row
    first = np.floor(start).clip(0, limit).astype(int)
    last = np.ceil(end).clip(0, limit).astype(int)
    near = prototypes[:, first[1] : last[1] + 1, first[0] : last[0] + 1]
    logits = (weights @ near.reshape(len(near), -1)).reshape(near.shape[1:])
    x, y = (start - first).tolist()
    return Mask(left, top, right - left, bottom - top, logits, (x, y), (float(pitch[0]), float(pitch[1])))
