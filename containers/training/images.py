"""Reads one image as far as needed to know that training can: its digest, its size, that it decodes to the end.

Knows no labels and no splits, and never writes.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
PIXELS = 50_000_000
"""Largest image that is decoded; the size is known from the header, so memory stays bounded."""
SIDE = 10
"""Shortest side that training accepts."""


class ImageError(ValueError):
    """An image that training cannot use, and why."""


@dataclass(frozen=True)
class ImageFacts:
    """Width and height in pixels as stored, and the sha256 of the file's bytes."""

    width: int
    height: int
    digest: str


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def examine(path: Path) -> ImageFacts:
    """Read an image to its last pixel. Raises ImageError naming the reason; the file stays as it is."""
    digest = file_digest(path)
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images and raises for larger ones; the bound below decides before decoding.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > PIXELS:
                    raise ImageError(_too_large(f"{width}x{height} pixels"))
                if min(width, height) < SIDE:
                    raise ImageError(f"{width}x{height} pixels: shorter than {SIDE} on one side")
                image.load()
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large(str(error))) from error
    except ImageError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise ImageError(f"cannot be read as an image: {str(error).replace(str(path), path.name)}") from error
    return ImageFacts(width, height, digest)


def _too_large(found: str) -> str:
    return f"{found}: more than {PIXELS:,} pixels"
