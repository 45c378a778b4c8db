"""The ultralytics model as a careful user loads it: offline, warm, with the threads the machine has.

Left alone, ultralytics uses all cores but one; here the number is given, so that the cores can be filled.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from containers.training.environment import set_up

SIZE = 640


def load_model(weights: Path, threads: int) -> Any:
    """The model, run once; later calls compute on ``threads`` threads."""
    set_up(Path(tempfile.mkdtemp(prefix="ultralytics-")))
    import torch
    from ultralytics import YOLO

    model = YOLO(str(weights), task="detect")
    model.predict(np.zeros((720, 1280, 3), np.uint8), imgsz=SIZE, verbose=False)
    # The first prediction has set the number ultralytics prefers.
    torch.set_num_threads(threads)
    return model


def found(result: Any) -> dict[str, list[Any]]:
    """What is answered for one picture: boxes as left, top, right, bottom in its pixels, scores, class numbers."""
    boxes = result.boxes
    return {"boxes": boxes.xyxy.tolist(), "scores": boxes.conf.tolist(), "classes": boxes.cls.int().tolist()}
