"""Masks of known form. Run by the serving environment's Python, it prints the outlines of some as JSON."""

from __future__ import annotations

import json

import numpy as np

from containers.serving.model.mask import Mask


def mask_of(pixels: np.ndarray, left: int = 0, top: int = 0) -> Mask:
    """The mask of exactly these pixels [height, width]."""
    height, width = pixels.shape
    logits = np.where(pixels, 1, -1).astype(np.float32) if pixels.size else np.ones((1, 1), np.float32)
    return Mask(left, top, width, height, logits, (0.0, 0.0), (1.0, 1.0))


def disc(size: int, pitch: float) -> Mask:
    """A round object in a box of ``size`` pixels, its logits ``pitch`` to a pixel."""
    count = int(size * pitch) + 2
    y, x = np.mgrid[0:count, 0:count] - (size - 1) * pitch / 2
    logits = (size * pitch * 0.45 - np.hypot(x, y)).astype(np.float32)
    return Mask(5, 7, size, size, logits, (0.0, 0.0), (pitch, pitch))


def ring() -> Mask:
    """Five pixels wide, its middle empty."""
    pixels = np.ones((5, 5), bool)
    pixels[2, 2] = False
    return mask_of(pixels, 10, 20)


def two_parts() -> Mask:
    """A pixel, and a block of six apart from it."""
    pixels = np.zeros((4, 8), bool)
    pixels[0, 0] = pixels[2:4, 4:7] = True
    return mask_of(pixels, 10, 20)


MASKS = {
    "pixel": mask_of(np.ones((1, 1), bool), 3, 4),
    "ring": ring(),
    "two parts": two_parts(),
    "nothing": mask_of(np.zeros((3, 3), bool)),
    "no box": mask_of(np.zeros((0, 3), bool)),
    "small disc": disc(16, 0.25),
    "disc": disc(200, 0.125),
    "huge disc": disc(3000, 0.02),
}


if __name__ == "__main__":
    print(json.dumps({name: [part.tolist() for part in mask.polygons()] for name, mask in MASKS.items()}))
