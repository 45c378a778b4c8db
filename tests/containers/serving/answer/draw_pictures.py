"""Run by the serving environment's Python: draws made-up predictions on plain grey pictures.

Reads jobs as JSON on stdin and prints for each the JPEG of the answer in base64, or the error it gave.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import numpy as np

from containers.serving.answer.answer import render
from containers.serving.model.detection import Detections
from containers.serving.model.manifest import Manifest
from containers.serving.model.mask import Mask
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import Invocation, Item
from containers.serving.request.refusal import InvocationError

GREY = 128


def main() -> None:
    """Draw one picture a job."""
    print(json.dumps([draw(job) for job in json.load(sys.stdin)]))


def draw(job: dict[str, Any]) -> str:
    """The answer to one job."""
    from containers.serving.model.predictor import Prediction  # here, because the tests take GREY without OpenCV

    pixels = np.full((job["height"], job["width"], 3), GREY, np.uint8)
    scores = np.array(job["class_scores"], np.float32) if "class_scores" in job else None
    seen = Prediction(
        width=job["width"],
        height=job["height"],
        detections=detections(job) if scores is None else None,
        class_scores=scores,
        timings_ms={},
        pixels=pixels,
    )
    manifest = Manifest(tuple(job["names"]), 640, 640, "", task=job["task"])
    asked = Invocation((Item(b"", "encoded", Thresholds(max_detections=5)),), "one", "image/jpeg")
    try:
        body, _ = render(asked, [seen], manifest, "name")
    except InvocationError as error:
        return f"{error.status} {error}"
    assert (pixels == GREY).all(), "the picture itself must stay as it is"
    return base64.b64encode(body).decode()


def detections(job: dict[str, Any]) -> Detections:
    """What a job says was found; masks are filled boxes."""
    boxes = np.array(job["boxes"], np.float32).reshape(-1, 4)
    count = len(boxes)
    keypoints, corners = (
        None if job.get(key) is None else np.array(job[key], np.float32) for key in ("keypoints", "corners")
    )
    return Detections(
        boxes,
        np.linspace(0.93, 0.3, count, dtype=np.float32),
        np.array(job.get("classes", [0] * count), np.int64),
        keypoints,
        tuple(map(filled, boxes)) if job["task"] == "segment" else None,
        corners,
        None if corners is None else np.zeros(count, np.float32),
    )


def filled(box: np.ndarray) -> Mask:
    """A mask of every pixel of its box."""
    left, top, right, bottom = (int(side) for side in box)
    return Mask(left, top, right - left, bottom - top, np.ones((2, 2), np.float32), (0.0, 0.0), (0.01, 0.01))


if __name__ == "__main__":
    main()
