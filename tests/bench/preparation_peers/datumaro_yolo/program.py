"""Datumaro: import, validation, split and export."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import sys
import time
from pathlib import Path

from datumaro import Dataset
from datumaro.plugins.validators import DetectionValidator


def main(job: str, folder: Path, output: Path) -> None:
    """``whole`` imports, validates, splits and exports; ``checks`` imports, validates and decodes every picture."""
    dataset = Dataset.import_from(str(folder), "yolo")
    DetectionValidator(
        few_samples_thr=1, imbalance_ratio_thr=50, far_from_mean_thr=5, dominance_ratio_thr=0.8, topk_bins=0.1
    ).validate(dataset)
    if job == "checks":
        assert all(item.media.data is not None for item in dataset)
        return
    dataset.transform("split", task="detection", splits=[("train", 0.7), ("val", 0.15), ("test", 0.15)])
    dataset.export(str(output), "yolo", save_media=True)


if __name__ == "__main__":
    started = time.perf_counter()
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    print(f"seconds={time.perf_counter() - started:.3f}")
