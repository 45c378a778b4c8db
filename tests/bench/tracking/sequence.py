"""Draws a sequence of the sample's fasteners that move over a bench, cross, and pass below a shelf, with what is true.

Every object moves along a line and turns back at the edges. Those drawn later lie above the others; the shelf hides
whatever is below it, for some ten frames as a rule. What is true of a frame are the boxes of what can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np
from PIL import Image

from tests.bench.tracking.figures import Shown
from workflow.demo.sample.bench import bench
from workflow.demo.sample.fasteners import CLASSES, Lamp, Stamp, draw

camera = import_module("workflow.demo.sample.photograph")
"""The module: its package calls the function after it."""
SIDE: int = camera.SIDE
RATE = 25
SEEN = 0.3
"""An object of which less is seen is none of what is true."""
SHELF = 92
"""Pixels from one side of the shelf to the other; objects are some 70 to 80 wide."""
SHELF_COLOUR = (0.33, 0.29, 0.26)
SLOWEST, FASTEST = 2.5, 6.0
"""Pixels a frame."""


@dataclass(frozen=True)
class Mover:
    """An object: how it looks, its class, where its upper left corner begins and how it moves, in pixels a frame."""

    stamp: Stamp
    size: float
    start: tuple[float, float]
    velocity: tuple[float, float]

    def place(self, at: int) -> tuple[int, int]:
        """Left and top of its stamp in a frame; it turns back at the edges."""
        height, width = self.stamp.coverage.shape
        return _bounce(self.start[0] + at * self.velocity[0], SIDE - width), _bounce(
            self.start[1] + at * self.velocity[1], SIDE - height
        )


def _bounce(at: float, room: int) -> int:
    folded = at % (2 * room)
    return round(min(folded, 2 * room - folded))


def draw_sequence(seed: int, frames: int, objects: int) -> tuple[list[Image.Image], list[Shown]]:
    """So many frames of so many objects, and what is true of each. The same seed gives the same."""
    rng = np.random.default_rng([seed, 17])
    around, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.55, 0.8)
    flat = np.sqrt(1 - height**2)
    lamp = Lamp(flat * np.cos(around), flat * np.sin(around), height)
    ground = bench(SIDE, rng)
    movers = [_make(rng, lamp) for _ in range(objects)]
    pictures, truth = [], []
    for at in range(frames):
        scene, owners = ground.copy(), np.zeros((SIDE, SIDE), np.int64)
        for number, mover in enumerate(movers, 1):
            left, top = mover.place(at)
            camera._put(scene, mover.stamp, left, top, lamp, mover.size)
            rows, columns = mover.stamp.coverage.shape
            owners[top : top + rows, left : left + columns][mover.stamp.coverage > 0.5] = number
        first = (SIDE - SHELF) // 2
        scene[:, first : first + SHELF] = SHELF_COLOUR
        owners[:, first : first + SHELF] = 0
        truth.append(_see(owners, movers))
        # The same exposure in every frame, and a noise of its own.
        exposed = np.asarray(camera._expose(scene, lamp, np.random.default_rng([seed, 18])), np.float64)
        noisy = exposed + np.random.default_rng([seed, 19, at]).normal(0, 3, exposed.shape)
        pictures.append(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)))
    return pictures, truth


def _make(rng: np.random.Generator, lamp: Lamp) -> Mover:
    kind = CLASSES[rng.choice((1, 2))]  # a bolt, longer than the shelf is wide, is never hidden
    size = SIDE * rng.uniform(0.17, 0.19)
    stamp = draw(kind, size, rng.uniform(0, 2 * np.pi), lamp, rng)
    along, speed = rng.uniform(0, 2 * np.pi), rng.uniform(SLOWEST, FASTEST)
    start = rng.uniform(0, SIDE, 2)
    return Mover(stamp, size, (start[0], start[1]), (speed * np.cos(along), speed * np.sin(along)))


def _see(owners: np.ndarray, movers: list[Mover]) -> Shown:
    """Ids and boxes of those of which enough is seen."""
    ids, boxes = [], []
    for number, mover in enumerate(movers, 1):
        rows, columns = np.nonzero(owners == number)
        if len(rows) >= SEEN * np.count_nonzero(mover.stamp.coverage > 0.5):
            ids.append(number)
            boxes.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    return Shown(np.array(ids, np.int64), np.array(boxes, np.float64).reshape(-1, 4))
