"""The figures of one picture: light, colour, sharpness, noise and size, measured alike whatever its size. No model."""

from __future__ import annotations

import math

import cv2
import numpy as np

from containers.serving.model.arrays import Pixels

LONGEST_SIDE = 512
"""Pixels of the copy that is measured: a sharpness depends on the scale, and a model sees no finer one."""
_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def picture_figures(pixels: Pixels) -> dict[str, float]:
    """Figures by name, of a picture [height, width, blue-green-red].

    ``brightness`` and ``contrast``: mean and deviation of the grey values, from 0 to 1 (Peli, "Contrast in complex
    images", 1990). ``sharpness``: the logarithm of the variance of the Laplacian (Pech-Pacheco and others, "Diatom
    autofocusing in brightfield microscopy", 2000). ``noise``: Immerkær's deviation ("Fast noise variance estimation",
    1996), from 0 to 1. ``colour``: Hasler and Süsstrunk's colourfulness ("Measuring colourfulness in natural images",
    2003). ``warmth``: mean red minus mean blue, from -1 to 1. ``side``: the root of the number of pixels. ``shape``:
    width to height.
    """
    height, width = pixels.shape[:2]
    small = _shrink(pixels)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    blue, green, red = (small[..., at].astype(np.float32) for at in range(3))
    against, across = red - green, (red + green) / 2 - blue
    return {
        "brightness": float(grey.mean()) / 255,
        "contrast": float(grey.std()) / 255,
        "sharpness": math.log(1 + float(cv2.Laplacian(grey, cv2.CV_32F).var())),
        "noise": float(np.abs(cv2.filter2D(grey, cv2.CV_32F, _NOISE)).mean()) * math.sqrt(math.pi / 2) / 6 / 255,
        "colour": math.hypot(against.std(), across.std()) + 0.3 * math.hypot(against.mean(), across.mean()),
        "warmth": float((red - blue).mean()) / 255,
        "side": math.sqrt(width * height),
        "shape": width / height,
    }


def _shrink(pixels: Pixels) -> Pixels:
    scale = LONGEST_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
