"""A few labelled pictures, to be written in any format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.workflow.labels.writers import Picture, Pictures
from workflow.labels.source import Row

BOXES = ((0.25, 0.5, 0.25, 0.5), (0.5, 0.25, 0.5, 0.25))
"""Boxes whose edges lie on whole pixels."""
ROWS = {
    "detect": BOXES,
    "segment": ((0.25, 0.25, 0.75, 0.25, 0.5, 0.75), (0.125, 0.25, 0.5, 0.25, 0.75, 0.5, 0.5, 0.75, 0.25, 0.5)),
    "obb": ((0.25, 0.0, 0.5, 0.25, 0.25, 0.5, 0.0, 0.25), (0.5, 0.25, 0.75, 0.5, 0.5, 0.75, 0.25, 0.5)),
    "pose": tuple((*box, 0.25, 0.5, 2.0, 0.5, 0.5, 1.0, 0.0, 0.0, 0.0) for box in BOXES),
}
MakePictures = Callable[..., Pictures]


@pytest.fixture
def pictures(tmp_path: Path) -> MakePictures:
    """Makes three pictures a split; the last of each has no object."""

    def make(task: str = "detect", splits: tuple[str, ...] = ("train", "validation", "test")) -> Pictures:
        made = []
        for number in range(3 * len(splits)):
            file = tmp_path / "source" / f"p{number}.png"
            file.parent.mkdir(exist_ok=True)
            Image.new("RGB", (64, 32), (number * 20, 90, 200)).save(file)
            rows = tuple(Row(at, numbers, at + 1) for at, numbers in enumerate(ROWS[task][: 2 - number % 3]))
            made.append(Picture(file, splits[number // 3], file.name, 64, 32, rows))
        keypoints = (3, 3) if task == "pose" else None
        return Pictures(task, ("bolt", "nut"), keypoints, (1, 0, 2) if keypoints else None, tuple(made))

    return make
