"""Chooses a few held-out images and writes down what the predictor answers for them.

The release sends the same bytes to the endpoint and expects the same boxes back. Knows no endpoint.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from containers.serving.answer import describe
from containers.serving.detection import Thresholds
from containers.serving.image import as_sent
from containers.serving.image_header import PNG_SIGNATURE
from containers.serving.measurement import Seen
from containers.serving.predictor import Predictor

IMAGES = 3
LARGEST_BYTES = 5_000_000
"""An endpoint accepts 6 MB a request."""


def choose(seen: tuple[Seen, ...], confidence: float) -> list[Seen]:
    """Up to three pictures: each brings classes the others lack, and none hangs on a score near the threshold."""

    def margin(one: Seen) -> float:
        return float(one.detections.scores.min()) - confidence if len(one.detections) else -1.0

    waiting = sorted(seen, key=lambda one: (-margin(one), one.picture.name))
    chosen: list[Seen] = []
    covered: set[int] = set()
    while waiting and len(chosen) < IMAGES:
        best = max(waiting, key=lambda one: len(set(one.detections.classes.tolist()) - covered))
        waiting.remove(best)
        if len(as_sent(best.picture.path)) <= LARGEST_BYTES:
            chosen.append(best)
            covered |= set(best.detections.classes.tolist())
    return chosen


def write(folder: Path, predictor: Predictor, chosen: list[Seen], confidence: float) -> None:
    """Write the images and ``smoke.json``, whose boxes are the predictor's answers to exactly those bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    for at, one in enumerate(chosen):
        data = as_sent(one.picture.path)
        name = f"{at}.{'png' if data.startswith(PNG_SIGNATURE) else 'jpg'}"
        (folder / name).write_bytes(data)
        answer = predictor.infer(data)
        found = answer.detections(Thresholds(confidence=confidence))
        described = describe(found, answer.width, answer.height, predictor.manifest.classes)
        images.append({"file": name, "detections": described})
    document = {
        "version": 1,
        "model_digest": predictor.manifest.model_digest,
        "confidence": confidence,
        "images": images,
    }
    (folder / "smoke.json").write_text(json.dumps(document, indent=1))
