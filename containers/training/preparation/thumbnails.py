"""A picture as people look at it: upright, small, in eight bits and colour."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from containers.training.preparation.look import in_eight_bits
from containers.training.preparation.pictures import FORMATS
from workflow.contract.model import MAXIMUM_PIXELS


def read_small(path: Path, side: int) -> Image.Image:
    """The upright picture in RGB, no longer than ``side`` pixels on either side.

    Raises ValueError for more than MAXIMUM_PIXELS, before any is decoded, and whatever Pillow raises for a file that it
    cannot decode.
    """
    # From its bytes: Pillow leaves a TIFF as it lies that it maps into memory from its file.
    with Image.open(io.BytesIO(path.read_bytes()), formats=FORMATS) as image:
        if image.width * image.height > MAXIMUM_PIXELS:
            raise ValueError(f"{image.width}x{image.height}: more than {MAXIMUM_PIXELS:,} pixels")
        image.draft("RGB", (side, side))
        small = in_eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
    small.thumbnail((side, side))
    return small
