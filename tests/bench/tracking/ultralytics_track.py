"""Run by the training environment's Python, with ``lap`` beside it: what ultralytics' own ``track`` says of videos.

``python -m tests.bench.tracking.ultralytics_track WEIGHTS SIZE TARGET VIDEO…`` writes for each video its seconds and,
for each frame, rows of [id, left, top, right, bottom].
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from containers.training.environment import set_up


def main() -> None:
    """Follow all of them by ByteTrack."""
    weights, size, target, *videos = sys.argv[1:]
    with tempfile.TemporaryDirectory() as configuration:
        set_up(Path(configuration))
        from ultralytics import YOLO

        model = YOLO(weights)
        model.predict(videos[0], imgsz=int(size), verbose=False)  # what is made at first use is no tracker's time
        answers = []
        for video in videos:
            began = time.perf_counter()
            # Anew for each video: else tracks go on from the one before.
            results = YOLO(weights).track(video, imgsz=int(size), tracker="bytetrack.yaml", stream=True, verbose=False)
            frames = [_rows(result) for result in results]
            answers.append({"seconds": time.perf_counter() - began, "frames": frames})
        Path(target).write_text(json.dumps(answers), encoding="utf-8")


def _rows(result: object) -> list[list[float]]:
    boxes = result.boxes  # type: ignore[attr-defined]
    if boxes.id is None:
        return []
    return [[one, *box] for one, box in zip(boxes.id.tolist(), boxes.xyxy.tolist(), strict=True)]


if __name__ == "__main__":
    main()
