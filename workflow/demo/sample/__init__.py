"""The sample dataset: pictures of bolts, nuts and washers on a work bench, made on the spot.

So that a first run needs no download and no data of one's own. The same seed gives the same bytes.
Knows nothing of AWS and nothing of how a detector is trained, only which settings suit these pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workflow.demo.sample.fasteners import CLASSES
from workflow.demo.sample.photograph import SIDE, Labelled, photograph

SAMPLE_TRAINING: Mapping[str, Any] = {
    "model": "yolov8n",
    "epochs": 30,
    "image_size": 160,
    "batch": 8,
    "hyperparameters": {
        "optimizer": "AdamW",
        "lr0": 0.003,
        "nbs": 8,
        "warmup_epochs": 0,
        "mosaic": 0,
        "scale": 0.2,
        "flipud": 0.5,
        "hsv_h": 0,
        "hsv_s": 0.3,
        "hsv_v": 0.2,
    },
}
"""Settings (keys of the execution input) that train a detector on these pictures in about a minute on two cores."""

QUALITY = 88
"""Of the pictures' JPEG."""


def make_sample(folder: Path, *, seed: int = 7, train: int = 64, validation: int = 16, test: int = 16) -> None:
    """Write the pictures, their labels and data.yaml below ``folder``; the counts are pictures of each split."""
    for number, (split, count) in enumerate((("train", train), ("val", validation), ("test", test))):
        images, labels = folder / "images" / split, folder / "labels" / split
        images.mkdir(parents=True, exist_ok=True)
        labels.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            # A generator for every picture: more pictures of one split leave all others as they are.
            picture, labelled = photograph(np.random.default_rng([seed, number, index]))
            name = f"bench-{split}-{index:03d}"
            picture.save(images / f"{name}.jpg", quality=QUALITY)
            (labels / f"{name}.txt").write_text(rows(labelled), encoding="utf-8")
    names = "".join(f"  {at}: {name}\n" for at, name in enumerate(CLASSES))
    splits = "train: images/train\nval: images/val\ntest: images/test\n"
    (folder / "data.yaml").write_text(f"{splits}names:\n{names}", encoding="utf-8")


def rows(labelled: Iterable[Labelled]) -> str:
    """The label of a picture, as YOLO writes it."""
    return "".join(map(_row, labelled))


def _row(labelled: Labelled) -> str:
    left, top, right, bottom = (edge / SIDE for edge in labelled.box)
    return (
        f"{labelled.class_id} {(left + right) / 2:.6f} {(top + bottom) / 2:.6f} {right - left:.6f} {bottom - top:.6f}\n"
    )
