"""The few pictures that moved most, each beside the nearest that the version was judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from containers.serving.drift.moving import Moved
from containers.serving.drift.pictures import Read
from containers.serving.drift.reference import Reference
from containers.serving.drift.table import Table

SHOWN = 8
LONGEST_SIDE = 320
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 80)


@dataclass(frozen=True)
class Pair:
    """A picture of the window and its nearest of the reference: names, JPEGs, and the first one's distance and rank."""

    name: str
    jpeg: bytes
    nearest: str
    nearest_jpeg: bytes
    distance: float
    rank: float


def draw_pairs(folder: Path, read: Read, reference: Reference, window: Table, moved: Moved) -> Iterator[Pair]:
    """The pairs, the picture that moved most first; ``folder`` holds the window's files by their names."""
    for at in moved.farthest(SHOWN):
        name = window.names[at]
        file, _, number = name.partition("#")
        pixels = next(islice(read(folder / file), int(number or "1") - 1, None))
        near = int(moved.nearest[at])
        scale = min(1.0, LONGEST_SIDE / max(pixels.shape[:2]))
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
        yield Pair(
            name=name,
            jpeg=bytes(cv2.imencode(".jpg", small, QUALITY)[1]),
            nearest=reference.table.names[near],
            nearest_jpeg=reference.thumbnails[near],
            distance=float(moved.distance[at]),
            rank=float(moved.rank[at]),
        )
