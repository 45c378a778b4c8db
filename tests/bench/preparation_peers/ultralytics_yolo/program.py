"""Ultralytics: the check of pictures and labels that precedes its training, and its ``autosplit``."""

from __future__ import annotations

import sys
import time
from multiprocessing.pool import ThreadPool
from pathlib import Path

import yaml
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.split import autosplit
from ultralytics.utils import NUM_THREADS
from ultralytics.utils.patches import imread


def main(job: str, folder: Path) -> None:
    """``whole`` reads headers, ends and labels, and splits; ``checks`` decodes every picture on top, on its threads."""
    names = yaml.safe_load((folder / "data.yaml").read_text())["names"]
    data = {"names": names, "nc": len(names), "channels": 3}
    dataset = YOLODataset(img_path=str(folder / "images"), data=data, task="detect", augment=False)
    if job == "whole":
        autosplit(folder / "images", weights=(0.7, 0.15, 0.15))
    else:
        with ThreadPool(NUM_THREADS) as pool:
            assert all(pool.imap_unordered(lambda file: imread(file) is not None, dataset.im_files))


if __name__ == "__main__":
    started = time.perf_counter()
    main(sys.argv[1], Path(sys.argv[2]))
    print(f"seconds={time.perf_counter() - started:.3f}")
