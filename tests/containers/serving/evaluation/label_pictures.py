"""Run by the serving environment's Python: ``label_pictures MODEL FOLDER`` makes a held-out set for a published model.

Nothing has to be learnt for a model to be half right: its own answers, shaken, thinned out and some renamed, are the
truth. FOLDER becomes what the preparation writes for an evaluation, and what ``yolo val`` reads.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from containers.serving.model.classification import class_scores
from containers.serving.model.detection import Detections
from containers.serving.model.predictor import Predictor
from containers.serving.model.thresholds import Thresholds

SIZES = ((320, 320), (320, 240), (240, 320), (300, 200), (321, 181))
PICTURES = 10
OBJECTS = 12


def main() -> None:
    """Draw the pictures and write what is to be true of them."""
    folder = Path(sys.argv[2])
    predictor = Predictor.load(Path(sys.argv[1]))
    about = predictor.manifest
    random = np.random.default_rng(5)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for at in range(PICTURES):
        width, height = SIZES[at % len(SIZES)]
        coarse = random.integers(0, 255, (6, 8, 3), np.uint8)
        pixels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "images" / f"{at}.png"), pixels)
        inference = predictor.infer_pixels(np.asarray(pixels, np.uint8))
        if about.task == "classify":
            # Of ten pictures three or so shall be named right, and some by the second best.
            rows: list[list[float]] = [[int(np.argsort(-class_scores(inference.outputs))[(0, 0, 1, 4, 9)[at % 5]])]]
        else:
            found = inference.detections(Thresholds(confidence=0.2, iou=0.5))
            found = found.keep(whole(found, width, height))
            rows = shaken(found.keep(np.sort(random.permutation(len(found))[:OBJECTS])), width, height, random)
        text = "\n".join(" ".join(str(number) for number in row) for row in rows)
        (folder / "labels" / f"{at}.txt").write_text(text)
    document = {
        "version": 1,
        "classes": list(about.classes),
        "digest": "d" * 64,
        "task": about.task,
        "keypoints": about.keypoints,
    }
    (folder / "data.json").write_text(json.dumps(document))


def whole(found: Detections, width: int, height: int) -> Any:
    """Which ones lie inside the picture: ``val`` does not cut off what leaves it, and the server does."""
    corners = found.boxes.reshape(-1, 2, 2) if found.corners is None else found.corners
    return ((corners > 1) & (corners < np.array([width, height]) - 1)).all(axis=(1, 2))


def shaken(found: Detections, width: int, height: int, random: np.random.Generator) -> list[list[float]]:
    """A label row for each detection, a few per cent away from it; every fifth under another name."""
    size = np.array([width, height])
    rows = []
    for at in range(len(found)):
        class_id = int(found.classes[at]) if at % 5 else 0
        left, top, right, bottom = found.boxes[at]
        side = np.array([right - left, bottom - top])
        if min(side) < 8:
            continue
        if found.corners is not None:
            numbers = ((found.corners[at] + random.normal(0, 0.02, 2) * side) / size).clip(0, 1)
        elif found.masks is not None:
            lines = found.masks[at].polygons()
            longest = max(lines, key=lambda line: cv2.contourArea(line))
            if cv2.contourArea(longest) < 30:
                continue
            numbers = ((longest + random.normal(0, 0.03, 2) * side) / size).clip(0, 1)
        else:
            centre = (np.array([left + right, top + bottom]) / 2 + random.normal(0, 0.04, 2) * side) / size
            numbers = np.concatenate((centre, side * random.uniform(0.92, 1.08, 2) / size)).clip(0.001, 1)
        row = [class_id, *numbers.ravel().tolist()]
        if found.keypoints is not None:
            row += _points(found.keypoints[at], side, size, random)
        rows.append(row)
    return rows


def _points(keypoints: Any, side: Any, size: Any, random: np.random.Generator) -> list[float]:
    places = keypoints[:, :2] + random.normal(0, 0.06, (len(keypoints), 2)) * side
    seen = random.choice([0, 1, 2], len(keypoints), p=[0.2, 0.2, 0.6])
    return np.column_stack(((places / size).clip(0, 1), seen)).ravel().tolist()


if __name__ == "__main__":
    main()
