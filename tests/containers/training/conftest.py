"""Folders of small YOLO datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[3]


Write = Callable[..., Path]


@pytest.fixture
def write_image(tmp_path: Path) -> Write:
    """Writes one small picture, different for every seed."""

    def write(name: str, *, seed: int = 0, size: tuple[int, int] = (32, 24)) -> Path:
        path = tmp_path / "dataset" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        return path

    return write


@pytest.fixture
def write_dataset(tmp_path: Path, write_image: Write) -> Write:
    """Writes a dataset: every given folder of images gets that many pictures and a label for each."""

    def write(counts: Mapping[str, int], names: str = "names: [bolt, nut]\n") -> Path:
        root = tmp_path / "dataset"
        root.mkdir(parents=True, exist_ok=True)
        (root / "data.yaml").write_text(names, encoding="utf-8")
        seed = 0
        for folder, count in counts.items():
            labels = root / folder.replace("images", "labels")
            for place in (root / folder, labels):
                place.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                seed += 1
                write_image(f"{folder}/p{index}.png", seed=seed)
                (labels / f"p{index}.txt").write_text(f"{index % 2} 0.5 0.5 0.25 0.25\n", encoding="utf-8")
        return root

    return write
