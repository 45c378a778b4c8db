"""From the raw output of a pose graph to boxes and their keypoints in pixels of the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from containers.serving.model.arrays import Floats
from containers.serving.model.detection import Detections, Letterbox, strongest, to_picture
from containers.serving.model.thresholds import Thresholds


def decode(
    output: Floats, classes: int, keypoints: tuple[int, int], letterbox: Letterbox, thresholds: Thresholds
) -> Detections:
    """Turn ``output`` [4 + classes + count * numbers, n] into boxes and keypoints, both clipped to the picture.

    ``keypoints`` is (count, numbers). A third number is the visibility; where there are 2, x and y alone, it is 1.
    """
    count, numbers = keypoints
    found, columns = strongest(output, classes, thresholds)
    numbered = output[4 + classes :, columns].T.reshape(len(columns), count, numbers)
    finite = np.flatnonzero(np.isfinite(numbered).all(axis=(1, 2)))
    found, numbered = found.keep(finite), numbered[finite]
    points = np.ones((len(found), count, 3), np.float32)
    points[..., :numbers] = numbered
    points[..., :2] = letterbox.clip(letterbox.to_picture(points[..., :2]))
    return replace(to_picture(found, letterbox), keypoints=points)
