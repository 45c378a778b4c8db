"""What the graph of each task answers, and who reads it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from containers.serving.model import detection, oriented, pose, segmentation
from containers.serving.model.arrays import Floats
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.thresholds import Thresholds


def decode_outputs(
    manifest: Manifest, outputs: Sequence[Floats], letterbox: Letterbox, thresholds: Thresholds
) -> Detections:
    """Turn the ``outputs`` of a graph for one picture into what it says is there, in pixels of the picture.

    ``letterbox`` says how the picture lay in the input. Each output begins with the batch axis, of one picture.
    Raises ValueError for a task that finds no objects; ``classification.class_scores`` reads a classifier.
    """
    output, classes = outputs[0][0], len(manifest.classes)
    match manifest.task:
        case "detect":
            return detection.decode(output, classes, letterbox, thresholds)
        case "pose" if manifest.keypoints is not None:
            return pose.decode(output, classes, manifest.keypoints, letterbox, thresholds)
        case "segment":
            return segmentation.decode(output, outputs[1][0], classes, letterbox, thresholds)
        case "obb":
            return oriented.decode(output, classes, letterbox, thresholds)
    raise ValueError(f"task {manifest.task!r} finds no objects")


def check_outputs(manifest: Manifest, outputs: Sequence[Floats], height: int, width: int) -> None:
    """Raise ModelError unless ``outputs`` are finite and shaped as the task's for an input of this size in pixels."""
    classes, keypoints = len(manifest.classes), manifest.keypoints
    shapes = [output.shape for output in outputs]
    rows = shapes[0][1] if shapes and len(shapes[0]) > 1 else 0
    places = shapes[0][2] if shapes and len(shapes[0]) > 2 else 0
    boxes = 4 + classes
    expected: list[tuple[int, ...]]
    match manifest.task:
        case "classify":
            expected = [(1, classes)]
        case "segment":
            grid = (height // segmentation.STRIDE, width // segmentation.STRIDE)
            expected = [(1, max(rows, boxes + 1), places), (1, max(rows - boxes, 1), *grid)]
        case "obb":
            expected = [(1, boxes + 1, places)]
        case "pose" if keypoints is not None:
            expected = [(1, boxes + keypoints[0] * keypoints[1], places)]
        case _:
            expected = [(1, boxes, places)]
    if shapes != expected or not all(np.isfinite(output).all() for output in outputs):
        raise ModelError(f"the model answers {shapes}, expected finite numbers of shape {expected}")
