"""Draws the pictures that everyone is asked about: benches full of the sample's fasteners, as a camera would send them.

The sample's own pictures are small squares; eight of them side by side make one of 1280 × 720, in which a fastener is,
after the model has shrunk it, as large as those it was trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from workflow.demo.sample.photograph import photograph

WIDTH, HEIGHT = 1280, 720
COUNT = 12
_COLUMNS, _ROWS = 4, 2
_SEED = 11
"""Another than the dataset's, so that no picture was trained on."""


def draw_pictures(folder: Path) -> None:
    """Write the pictures, always the same ones, as ``NN.jpg``."""
    width, height = WIDTH // _COLUMNS, HEIGHT // _ROWS
    for number in range(COUNT):
        picture = Image.new("RGB", (WIDTH, HEIGHT))
        for at in range(_COLUMNS * _ROWS):
            tile, _ = photograph(np.random.default_rng([_SEED, number, at]))
            side = max(width, height)
            left, top = (side - width) // 2, (side - height) // 2
            tile = tile.resize((side, side), Image.Resampling.LANCZOS).crop((left, top, left + width, top + height))
            picture.paste(tile, (at % _COLUMNS * width, at // _COLUMNS * height))
        picture.save(folder / f"{number:02d}.jpg", quality=88)
