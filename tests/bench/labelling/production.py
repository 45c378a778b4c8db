"""Production as a camera sees it: the sample's benches, most in the light of the training, some in another.

A camera takes the same bench several times, so that pictures come in series that differ by noise and by a hand's
breadth. Where the light has shifted, it is dim and yellow and the lens is out of focus.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from workflow.demo.sample.evening import dim
from workflow.demo.sample.photograph import SIDE, Labelled, photograph

SERIES = 4
"""Pictures of one bench."""


@dataclass(frozen=True)
class Shot:
    """One picture of production: its name, its file, whether the light has shifted, and what is on it."""

    name: str
    file: Path
    shifted: bool
    row: str


def take(folder: Path, seed: int, plain: int, shifted: int, series: int = SERIES) -> list[Shot]:
    """Draw so many benches in either light, each ``series`` times; written to a folder, which is made."""
    folder.mkdir(parents=True)
    shots = []
    for kind, scenes in (("plain", plain), ("shifted", shifted)):
        for scene in range(scenes):
            rng = np.random.default_rng([seed, kind == "shifted", scene])
            picture, labelled = photograph(rng)
            if kind == "shifted":
                picture = dim(picture)
            for number in range(series):
                moved, across, down = _again(picture, rng) if number else (picture, 0, 0)
                name = f"{kind}-{scene:03d}-{number}"
                moved.save(folder / f"{name}.jpg", quality=88)
                rows = "".join(_row(one, across, down) for one in labelled)
                shots.append(Shot(name, folder / f"{name}.jpg", kind == "shifted", rows))
    return shots


def _again(picture: Image.Image, rng: np.random.Generator) -> tuple[Image.Image, int, int]:
    across, down = (int(step) for step in rng.integers(-6, 7, 2))
    moved = np.roll(np.asarray(picture, dtype=float), (down, across), (0, 1))
    noisy = moved * rng.uniform(0.97, 1.03) + rng.normal(0, 2, moved.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), across, down


def _row(one: Labelled, across: int, down: int) -> str:
    left, top, right, bottom = one.box
    edges = (left + across, top + down, right + across, bottom + down)
    left, top, right, bottom = (min(max(edge / SIDE, 0), 1) for edge in edges)
    return f"{one.class_id} {(left + right) / 2:.6f} {(top + bottom) / 2:.6f} {right - left:.6f} {bottom - top:.6f}\n"
