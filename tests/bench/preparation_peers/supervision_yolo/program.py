"""Supervision: ``DetectionDataset.from_yolo``, ``split`` and ``as_yolo``."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import sys
import time
from pathlib import Path

import supervision


def main(job: str, folder: Path, output: Path) -> None:
    """``whole`` reads, splits and writes; ``checks`` reads the labels and decodes every picture."""
    images, labels, data = (str(folder / name) for name in ("images", "labels", "data.yaml"))
    dataset = supervision.DetectionDataset.from_yolo(images, labels, data)
    if job == "checks":
        assert all(image is not None for _, image, _ in dataset)
        return
    train, rest = dataset.split(split_ratio=0.7, random_state=0)
    validation, test = rest.split(split_ratio=0.5, random_state=0)
    for name, part in (("train", train), ("validation", validation), ("test", test)):
        place = output / name
        part.as_yolo(str(place / "images"), str(place / "labels"), str(place / "data.yaml"))


if __name__ == "__main__":
    started = time.perf_counter()
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    print(f"seconds={time.perf_counter() - started:.3f}")
