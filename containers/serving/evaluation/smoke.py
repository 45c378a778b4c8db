"""Chooses a few held-out images and writes down what the predictor answers for them.

The release sends the same bytes to the endpoint and expects the same answer back. A picture that is too large to be
sent is made smaller, and its answer is that to the smaller one. Knows no endpoint.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from containers.serving.answer.answer import describe, describe_classes
from containers.serving.evaluation.measurement import Seen
from containers.serving.model.detection import Detections
from containers.serving.model.image import make_lighter, read_as_sent
from containers.serving.model.image_header import PNG_SIGNATURE
from containers.serving.model.predictor import Predictor
from containers.serving.model.thresholds import Thresholds

IMAGES = 3
LARGEST_BYTES = 4_000_000
"""A serverless endpoint accepts 4 MB a request, one on instances 6."""


def choose(seen: tuple[Seen, ...], confidence: float) -> list[Seen]:
    """Up to three pictures: each brings classes the others lack, and none hangs on a score near the threshold."""

    def margin(one: Seen) -> float:
        return one.certainty - confidence if one.classes else -1.0

    waiting = sorted(seen, key=lambda one: (-margin(one), one.picture.name))
    chosen: list[Seen] = []
    covered: set[int] = set()
    while waiting and len(chosen) < IMAGES:
        best = max(waiting, key=lambda one: len(one.classes - covered))
        waiting.remove(best)
        chosen.append(best)
        covered |= best.classes
    return chosen


def write(folder: Path, predictor: Predictor, chosen: list[Seen], confidence: float) -> None:
    """Write the images and ``smoke.json``: what the predictor answers to exactly those bytes, boxes or classes."""
    folder.mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    for at, one in enumerate(chosen):
        data = read_as_sent(one.picture.path)
        if len(data) > LARGEST_BYTES:
            data = make_lighter(data, LARGEST_BYTES)
        name = f"{at}.{'png' if data.startswith(PNG_SIGNATURE) else 'jpg'}"
        (folder / name).write_bytes(data)
        images.append({"file": name, **answer(predictor, data, confidence)})
    document = {
        "version": 1,
        "model_digest": predictor.manifest.model_digest,
        "confidence": confidence,
        "images": images,
    }
    (folder / "smoke.json").write_text(json.dumps(document, indent=1))


def answer(predictor: Predictor, data: bytes, confidence: float) -> dict[str, Any]:
    """What is answered to an encoded image; of masks only their boxes, which is what the release compares."""
    task, names = predictor.manifest.task, predictor.manifest.classes
    thresholds = Thresholds.usual(task, confidence, predictor.manifest.max_detections)
    one = predictor.predict(data, thresholds)
    if one.class_scores is not None:
        return {"classification": describe_classes(one.class_scores, thresholds, names)}
    return {"detections": describe(one.detections or Detections.none(), one.width, one.height, names, "none")}
