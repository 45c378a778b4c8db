"""What the graph of each task answers, and who reads it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from containers.serving.model import detection, oriented, pose, segmentation
from containers.serving.model.detection import Detections, Floats, Letterbox
from containers.serving.model.manifest import ModelError
from containers.serving.model.thresholds import Thresholds


def decode_outputs(
    task: str,
    outputs: Sequence[Floats],
    letterbox: Letterbox,
    width: int,
    height: int,
    thresholds: Thresholds,
    *,
    classes: int,
    keypoints: tuple[int, int] | None,
    every_class: bool = False,
) -> Detections:
    """Turn the ``outputs`` of a graph for one picture of ``width`` x ``height`` pixels into what it says is there.

    ``letterbox`` says how the picture lay in the input. Each output begins with the batch axis, of one picture.
    With ``every_class`` a place is answered once for each class that scores above the confidence, as average precision
    wants it. Raises ValueError for a task that finds no objects; ``classification.class_scores`` reads a classifier.
    """
    output = outputs[0][0]
    match task:
        case "detect":
            return detection.decode(
                output, letterbox, width, height, thresholds, classes=classes, every_class=every_class
            )
        case "pose" if keypoints is not None:
            return pose.decode(
                output,
                letterbox,
                width,
                height,
                thresholds,
                classes=classes,
                keypoints=keypoints,
                every_class=every_class,
            )
        case "segment":
            return segmentation.decode(
                output, outputs[1][0], letterbox, width, height, thresholds, classes=classes, every_class=every_class
            )
        case "obb":
            return oriented.decode(
                output, letterbox, width, height, thresholds, classes=classes, every_class=every_class
            )
    raise ValueError(f"task {task!r} finds no objects")


def check_outputs(
    task: str,
    outputs: Sequence[Floats],
    *,
    classes: int,
    keypoints: tuple[int, int] | None,
    width: int,
    height: int,
) -> None:
    """Raise ModelError unless ``outputs`` are finite and shaped as the task's for an input of this size in pixels."""
    shapes = [output.shape for output in outputs]
    rows = shapes[0][1] if shapes and len(shapes[0]) > 1 else 0
    places = shapes[0][2] if shapes and len(shapes[0]) > 2 else 0
    boxes = 4 + classes
    expected: list[tuple[int, ...]]
    match task:
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
