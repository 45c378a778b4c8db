"""What is known of every picture of a dataset, in arrays: a row for each, a few hundred bytes long.

Thumbnails, and labels as the bytes that will be handed on, are kept in a file without a name.
"""

from __future__ import annotations

import mmap
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from containers.training.preparation.look import EDGE, THUMBNAIL
from workflow.labels.source import Entry, Problem

UNSPLIT = -1
"""The split of a picture is its place among the contract's SPLITS, or this."""

DIGEST = "V32"
ROW = np.dtype(
    [
        ("digest", DIGEST),
        ("look", "V16"),
        ("label_digest", DIGEST),
        ("label_at", np.uint64),
        ("label_length", np.uint32),
        ("width", np.uint32),
        ("height", np.uint32),
        ("objects", np.uint32),
        ("kinds", np.uint32),
        ("lost", np.uint32),
        ("split", np.int8),
        ("kept", np.bool_),
        ("plain", np.bool_),
    ]
)
"""One picture: digests of its bytes and of its label, its perceptual hash (none if ``plain``), where its label lies,
its upright size in pixels, its objects and how many kinds of them, how many the policy left out, its
split, and whether it is handed on."""

BINS_PER_PIXEL = 4
"""Sides of objects are counted in quarters of a pixel."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Part:
    """What one process found out about a range of pictures.

    ``rows`` are ROWs; ``labels`` their labels, one after the other, and ``thumbnails`` so too. ``kinds`` holds a
    (class, objects) pair for each class of each picture, in order. ``sides`` holds a class for each object and its two
    bins: of the picture made as small as the input, and of its tiles.
    ``problems`` go with the place of the picture among all entries.
    """

    rows: Array
    labels: bytes
    thumbnails: bytes
    kinds: Array
    sides: Array
    problems: Sequence[tuple[int, Problem]]


class Catalogue:
    """Every picture of a dataset; the catalogue of one host knows those of all.

    ``spool``, an empty file, takes the thumbnails, each at the place of its picture, and behind all of them the labels.
    """

    def __init__(self, entries: Sequence[Entry], classes: int, image_size: int, spool: IO[bytes]) -> None:
        self.entries = entries
        self.rows = np.zeros(len(entries), ROW)
        self.sides = np.zeros((classes, image_size * BINS_PER_PIXEL + 1), np.uint32)
        """How many objects of each class have a side of so many quarters of a pixel of the input."""
        self.sides_in_tiles = np.zeros_like(self.sides)
        """The same where pictures larger than the input are looked at in tiles."""
        self._kinds = array("I")
        self._spool = spool
        self._filled = 0
        self._labels = spool.seek(len(entries) * THUMBNAIL)

    def add(self, part: Part) -> None:
        """Take the next range of pictures."""
        rows = part.rows
        lengths = rows["label_length"].astype(np.uint64)
        rows["label_at"] = self._labels + np.cumsum(lengths) - lengths
        self._spool.write(part.labels)
        self._labels += len(part.labels)
        os.pwrite(self._spool.fileno(), part.thumbnails, self._filled * THUMBNAIL)
        self.rows[self._filled : self._filled + len(rows)] = rows
        self._filled += len(rows)
        self._kinds.frombytes(part.kinds.astype(np.uint32).tobytes())
        for at, sides in enumerate((self.sides, self.sides_in_tiles), 1):
            np.add.at(sides, (part.sides[:, 0], part.sides[:, at]), 1)

    def label(self, at: int) -> bytes:
        """The label of one picture, as it is handed on. Safe to call in a forked process."""
        row = self.rows[at]
        return os.pread(self._spool.fileno(), int(row["label_length"]), int(row["label_at"]))

    def thumbnails(self, places: Array) -> Array:
        """The thumbnails of these pictures, grey levels [picture, row, column]; of a plain one all are 0."""
        with mmap.mmap(self._spool.fileno(), len(self.rows) * THUMBNAIL, access=mmap.ACCESS_READ) as kept:
            return np.frombuffer(kept, np.uint8).reshape(-1, EDGE, EDGE)[places]

    def flush(self) -> None:
        """Let ``label`` find everything that was added."""
        self._spool.flush()

    def pairs(self) -> tuple[Array, Array, Array]:
        """For each class of each picture: the picture, the class, and how many objects of it there are."""
        found = np.frombuffer(self._kinds, np.uint32).reshape(-1, 2)
        return np.repeat(np.arange(len(self.rows)), self.rows["kinds"]), found[:, 0], found[:, 1]

    def of(self, split: int) -> Array:
        """The places of the pictures of a split that are handed on."""
        return np.flatnonzero(self.rows["kept"] & (self.rows["split"] == split))
