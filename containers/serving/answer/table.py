"""Detections as rows of numbers: what the CSV and the ``.npy`` form of an answer have in common.

The columns depend on the model alone: an answer with nothing in it has the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from containers.serving.model.arrays import Floats
from containers.serving.model.detection import Detections
from containers.serving.model.manifest import Manifest

COORDINATES = ("left", "top", "right", "bottom")


def extra_columns(manifest: Manifest) -> tuple[str, ...]:
    """The columns a model of this task has after the box, score and class: keypoints, or a turned box."""
    if manifest.task == "pose" and manifest.keypoints is not None:
        return tuple(f"{name}{at}" for at in range(manifest.keypoints[0]) for name in "xyv")
    if manifest.task == "obb":
        return (*(f"{name}{at}" for at in range(4) for name in "xy"), "angle")
    return ()


def rows(pictures: Sequence[Detections | None], manifest: Manifest) -> Floats:
    """A row a detection [n, 7 + extras]: number of the picture, left, top, right, bottom, score, class, extras."""
    parts = [np.zeros((0, 7 + len(extra_columns(manifest))), np.float32)]
    for at, found in enumerate(pictures):
        if not found:
            continue
        count = len(found)
        columns = [np.full((count, 1), at), found.boxes, found.scores[:, None], found.classes[:, None]]
        if found.keypoints is not None:
            columns.append(found.keypoints.reshape(count, -1))
        if found.corners is not None and found.angles is not None:
            columns += [found.corners.reshape(count, -1), found.angles[:, None]]
        parts.append(np.concatenate(columns, axis=1).astype(np.float32))
    return np.concatenate(parts)
