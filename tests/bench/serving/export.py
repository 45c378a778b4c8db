"""Run by the training image's Python: exports weights at every precision and notes what ultralytics finds.

``python -m tests.bench.serving.export WEIGHTS IMAGES FOLDER SIZE PRECISION…``
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from containers.training.environment import set_up


def main(weights: Path, images: Path, folder: Path, size: int, precisions: list[str]) -> None:
    """Write a folder of each precision, and ``expected.json`` with size and objects of each picture."""
    with tempfile.TemporaryDirectory() as configuration:
        set_up(Path(configuration))
        from ultralytics import YOLO

        from containers.training.export import publish

        model = YOLO(str(weights), task="detect")
        classes = tuple(model.names.values())
        pictures = sorted(images.rglob("*.jpg"))
        for precision in precisions:
            # The pictures that are asked about calibrate as well: what is measured is speed.
            publish(
                weights,
                folder / precision,
                image_size=size,
                classes=classes,
                about={},
                precision=precision,
                calibration=pictures,
            )
        expected: list[dict[str, Any]] = []
        for file in pictures:
            result = model.predict(str(file), imgsz=size, verbose=False)[0]
            boxes = result.boxes
            found = zip(boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.int().tolist(), strict=True)
            expected.append({"size": [*reversed(result.orig_shape)], "found": list(found)})
        (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
