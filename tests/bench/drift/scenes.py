"""Pictures of the sample as they are, and as they drift: other light, other lenses, other things on another bench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from workflow.demo.sample import fasteners
from workflow.demo.sample.bench import smooth_noise
from workflow.demo.sample.fasteners import CLASSES, Surface

camera = import_module("workflow.demo.sample.photograph")
"""The module: its package calls the function after it."""
Field = NDArray[np.float64]
Generator = np.random.Generator


def darker(picture: Image.Image, _: Generator) -> Image.Image:
    """Three quarters of the light."""
    return ImageEnhance.Brightness(picture).enhance(0.75)


def blurred(picture: Image.Image, _: Generator) -> Image.Image:
    """A lens that is out of focus by a pixel and a half."""
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def noisy(picture: Image.Image, random: Generator) -> Image.Image:
    """A sensor with twelve of 255 steps of noise, where the sample's have at most five."""
    pixels = np.asarray(picture, np.float64)
    return Image.fromarray(np.clip(pixels + random.normal(0, 12, pixels.shape), 0, 255).astype(np.uint8))


def turf(size: int, random: Generator) -> Field:
    """Grass, which no bench of the sample is."""
    blades = smooth_noise(size, size, 120, 120, random) * 0.08 + smooth_noise(size, size, 6, 6, random) * 0.05
    return np.asarray(np.array([0.25, 0.45, 0.18]) + blades[..., None])


def cross(u: Field, v: Field, size: float, _: Generator) -> Surface:
    """A cross, which is no class of the sample."""
    half, arm = size * 0.5, size * 0.12
    reach, beside = np.maximum(np.abs(u) - half, np.abs(v) - arm), np.maximum(np.abs(v) - half, np.abs(u) - arm)
    flat = np.zeros_like(u)
    return Surface(np.minimum(reach, beside), flat, flat, np.ones_like(u), brushed=False)


@contextmanager
def another_bench() -> Iterator[None]:
    """All that lies there lies on grass."""
    with mock.patch.object(camera, "bench", turf):
        yield


@contextmanager
def another_class() -> Iterator[None]:
    """One thing in four is a cross."""
    with (
        mock.patch.object(camera, "CLASSES", (*CLASSES, "cross")),
        mock.patch.dict(fasteners.SHAPES, {"cross": cross}),
        mock.patch.dict(fasteners.SHARES, {"cross": fasteners.SHARES["nut"]}),
    ):
        yield


@contextmanager
def fewer_bolts() -> Iterator[None]:
    """A third of all things are bolts, and now a ninth."""
    with mock.patch.object(camera, "CLASSES", ("bolt", *("nut", "washer") * 4)):
        yield


AFTER: dict[str, Callable[[Image.Image, Generator], Image.Image]] = {
    "darker": darker,
    "blurred": blurred,
    "noisy": noisy,
}
"""Drifts of the camera."""
BEFORE = {
    "a ninth bolts": fewer_bolts,
    "a new background": another_bench,
    "a class nobody trained": another_class,
}
"""Drifts of what stands before it."""


def draw(folder: Path, drift: str, seed: int, pictures: int) -> Path:
    """Write so many pictures of a drift, or of the sample as it is where ``drift`` is empty; none that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(_draw, folder, drift, seed), range(pictures), chunksize=20))
    return folder


def _draw(folder: Path, drift: str, seed: int, at: int) -> None:
    random, path = np.random.default_rng([seed, at]), folder / f"{at:05d}.jpg"
    if path.exists():
        return
    if drift in BEFORE:
        with BEFORE[drift]():
            picture, _ = camera.photograph(random)
    else:
        picture, _ = camera.photograph(random)
    changed = AFTER[drift](picture, random) if drift in AFTER else picture
    changed.save(path, quality=88)
