"""A picture as people look at it: upright, small, in eight bits and colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from containers.training.preparation.pictures import FORMATS
from workflow.contract.model import MAXIMUM_PIXELS


def read_small(path: Path, side: int) -> Image.Image:
    """The upright picture in RGB, no longer than ``side`` pixels on either side.

    Raises ValueError for more than MAXIMUM_PIXELS, before any is decoded, and whatever Pillow raises for a file that it
    cannot decode.
    """
    with Image.open(path, formats=FORMATS) as image:
        if image.width * image.height > MAXIMUM_PIXELS:
            raise ValueError(f"{image.width}x{image.height}: more than {MAXIMUM_PIXELS:,} pixels")
        image.draft("RGB", (side, side))
        small = ImageOps.exif_transpose(image)
        small = _eight_bits(small) if small.mode.startswith("I;16") else small.convert("RGB")
    small.thumbnail((side, side))
    return small


def _eight_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
