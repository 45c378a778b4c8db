"""From the raw output of a pose graph to boxes and their keypoints in pixels of the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from containers.serving.model.detection import Detections, Floats, Letterbox, clip, strongest, to_picture
from containers.serving.model.thresholds import Thresholds


def decode(
    output: Floats,
    letterbox: Letterbox,
    width: int,
    height: int,
    thresholds: Thresholds,
    *,
    classes: int,
    keypoints: tuple[int, int],
    every_class: bool = False,
) -> Detections:
    """Turn ``output`` [4 + classes + count * numbers, n] into boxes and keypoints, both clipped to the picture.

    ``keypoints`` is (count, numbers): of 2 numbers x and y, the visibility told is 1; of 3 the third is the visibility.
    """
    count, numbers = keypoints
    found, columns = strongest(output, thresholds, classes=classes, every_class=every_class)
    told = output[4 + classes :, columns].T.reshape(len(columns), count, numbers)
    finite = np.flatnonzero(np.isfinite(told).all(axis=(1, 2)))
    found, told = found.keep(finite), told[finite]
    points = np.ones((len(found), count, 3), np.float32)
    points[..., :numbers] = told
    points[..., :2] = clip(letterbox.to_picture(points[..., :2], width, height), width, height)
    return replace(to_picture(found, letterbox, width, height), keypoints=points)
