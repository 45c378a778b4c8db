"""Renders one picture of the sample: fasteners on a bench under one lamp, and the boxes around them.

Knows nothing of splits or files. The same generator state gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from workflow.demo.sample.bench import Field, bench, smooth_noise, to_picture
from workflow.demo.sample.fasteners import CLASSES, Lamp, Stamp, draw

SIDE = 416
"""Pictures are square, this many pixels on a side."""


@dataclass(frozen=True)
class Labelled:
    """One fastener in the picture: class number and edges in pixels (left, top, right, bottom)."""

    class_id: int
    box: tuple[float, float, float, float]


def photograph(rng: np.random.Generator) -> tuple[Image.Image, list[Labelled]]:
    """A picture of one to five fasteners and where they are."""
    scene = bench(SIDE, rng)
    around, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.55, 0.8)
    flat = np.sqrt(1 - height**2)
    lamp = Lamp(flat * np.cos(around), flat * np.sin(around), height)
    labelled: list[Labelled] = []
    for _ in range(rng.integers(1, 6)):
        class_id = int(rng.integers(len(CLASSES)))
        kind = CLASSES[class_id]
        size = SIDE * (rng.uniform(0.28, 0.44) if kind == "bolt" else rng.uniform(0.17, 0.27))
        stamp = draw(kind, size, rng.uniform(0, 2 * np.pi), lamp, rng)
        box = _place(stamp, labelled, rng)
        if box is not None:
            _put(scene, stamp, box[0], box[1], lamp, size)
            labelled.append(Labelled(class_id, _edges(stamp, *box)))
    return _expose(scene, lamp, rng), labelled


def _edges(stamp: Stamp, left: int, top: int) -> tuple[float, float, float, float]:
    rows, columns = (np.flatnonzero(stamp.coverage.max(axis=axis) > 0.5) for axis in (1, 0))
    return left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1


def _place(stamp: Stamp, others: list[Labelled], rng: np.random.Generator) -> tuple[int, int] | None:
    """Where the stamp lies free of the others; None when the bench is full."""
    height, width = stamp.coverage.shape
    for _ in range(30):
        left, top = int(rng.integers(0, SIDE - width)), int(rng.integers(0, SIDE - height))
        box = _edges(stamp, left, top)
        if all(_apart(box, other.box) for other in others):
            return left, top
    return None


def _apart(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    gap = 4
    beside = one[2] + gap < other[0] or other[2] + gap < one[0]
    return beside or one[3] + gap < other[1] or other[3] + gap < one[1]


def _put(scene: Field, stamp: Stamp, left: int, top: int, lamp: Lamp, size: float) -> None:
    height, width = stamp.coverage.shape
    solid = Image.fromarray((stamp.coverage * 255).astype(np.uint8))
    thick = size * 0.06
    for reach, blur, dark in ((1.4, 0.045, 0.5), (0.35, 0.012, 0.45)):
        offset = (int(left - lamp.x * thick * reach / lamp.z), int(top - lamp.y * thick * reach / lamp.z))
        shade(scene, solid, offset, size * blur, dark)
    window = scene[top : top + height, left : left + width]
    window += (stamp.colour - window) * stamp.coverage[..., None]


def shade(scene: Field, solid: Image.Image, offset: tuple[int, int], radius: float, dark: float) -> None:
    """Darken the scene below a soft shadow: only as far as it reaches, beyond which it is exactly nothing."""
    # A Gaussian of Pillow is three boxes, each of which reaches less than two pixels beyond its radius.
    reach = 3 * (int(radius) + 2)
    left, top = (max(0, at - reach) for at in offset)
    right, bottom = (min(SIDE, at + long + reach) for at, long in zip(offset, solid.size, strict=True))
    mask = Image.new("L", (right - left, bottom - top))
    mask.paste(solid, (offset[0] - left, offset[1] - top))
    shade = np.asarray(mask.filter(ImageFilter.GaussianBlur(radius)), dtype=float) / 255
    scene[top:bottom, left:right] *= (1 - dark * shade)[..., None]


def _expose(scene: Field, lamp: Lamp, rng: np.random.Generator) -> Image.Image:
    across = np.linspace(-1, 1, SIDE)
    falloff = (
        1 + 0.16 * (across[None, :] * lamp.x + across[:, None] * lamp.y) + 0.05 * smooth_noise(SIDE, SIDE, 2, 2, rng)
    )
    vignette = 1 - 0.12 * (across[None, :] ** 2 + across[:, None] ** 2)
    warmth = rng.uniform(-0.06, 0.06)
    # In place, step by step: what a picture takes is mostly the memory of its floats.
    scene *= (falloff * vignette)[..., None]
    scene *= np.array([1 + warmth, 1, 1 - warmth])
    scene *= rng.uniform(0.85, 1.12)
    picture = to_picture(scene)
    sharp = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.9))))
    noisy = rng.normal(0, rng.uniform(1.5, 5), sharp.shape)
    noisy += sharp
    return Image.fromarray(np.clip(noisy, 0, 255, out=noisy).astype(np.uint8))
