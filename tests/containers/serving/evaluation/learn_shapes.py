"""Run by the training environment's Python: ``learn_shapes TASK FOLDER`` teaches a small network a few shapes.

FOLDER becomes what the preparation writes for an evaluation, with ``data.yaml`` for ``yolo val`` and ``model``, what a
training job leaves behind. The pictures learnt are those measured: nothing here is about how well a network learns.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from containers.training.environment import set_up

SIZE = 96
PICTURES = 12
SIZES = ((96, 96), (96, 72), (72, 96), (96, 60), (64, 96))
"""All as long as the input, so that no side is rounded: of pictures this small that would turn the boxes."""
NETWORKS = {"segment": "yolov8n-seg.yaml", "obb": "yolov8n-obb.yaml"}
EPOCHS = 9
PASSES = 10
"""How often each picture is seen in an epoch."""


def main() -> None:
    """Draw, learn and publish."""
    task, folder = sys.argv[1], Path(sys.argv[2])
    draw(folder, task)
    listed = [str(folder / "images" / f"{at}.png") for at in range(PICTURES)]
    (folder / "train.txt").write_text("\n".join(listed * PASSES))
    (folder / "data.yaml").write_text(f"path: {folder}\ntrain: train.txt\nval: images\nnames:\n  0: a\n  1: b\n")
    with tempfile.TemporaryDirectory() as project:
        set_up(Path(project))
        from ultralytics import YOLO

        from containers.training.export import publish

        still = {"mosaic": 0, "fliplr": 0, "hsv_h": 0, "hsv_s": 0, "hsv_v": 0, "scale": 0.1, "translate": 0.05}
        quick = {"optimizer": "AdamW", "lr0": 0.006, "warmup_epochs": 0, "nbs": PICTURES, "val": False, "amp": False}
        quiet = {"workers": 0, "plots": False, "verbose": False, "project": project}
        YOLO(NETWORKS[task]).train(
            data=str(folder / "data.yaml"), imgsz=SIZE, epochs=EPOCHS, batch=PICTURES, **still, **quick, **quiet
        )
        shutil.copy(next(Path(project).rglob("last.pt")), folder / "weights.pt")
        publish(folder / "weights.pt", folder / "model", image_size=SIZE, classes=("a", "b"), about={}, precision="f32")


def draw(folder: Path, task: str) -> None:
    """Pictures with two turned rectangles each, of two colours, and their labels."""
    import cv2
    import numpy as np

    random = np.random.default_rng(3)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for at in range(PICTURES):
        width, height = SIZES[at % len(SIZES)]
        pixels = random.integers(90, 130, (height, width, 3)).astype(np.uint8)
        rows: list[list[Any]] = []
        for side in range(2):
            kind, length = int(random.integers(0, 2)), random.uniform(0.36, 0.46) * min(width, height)
            centre = (width * (0.28 + 0.44 * side), height * random.uniform(0.42, 0.58))
            corners = cv2.boxPoints((centre, (length, length * random.uniform(0.5, 0.7)), random.uniform(0, 180)))
            cv2.fillPoly(pixels, [corners.round().astype(np.int32)], (240, 40, 40) if kind else (40, 240, 40))
            rows.append([kind, *(corners / (width, height)).clip(0, 1).ravel().round(6).tolist()])
        cv2.imwrite(str(folder / "images" / f"{at}.png"), pixels)
        (folder / "labels" / f"{at}.txt").write_text("\n".join(" ".join(map(str, row)) for row in rows))
    about = {"version": 1, "classes": ["a", "b"], "digest": "d" * 64, "task": task, "keypoints": None}
    (folder / "data.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main()
