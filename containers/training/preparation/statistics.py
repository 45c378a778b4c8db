"""Counts what a catalogue holds: objects by class and split, sizes of objects and of pictures."""

from __future__ import annotations

import numpy as np

from containers.training.preparation.catalogue import BINS_PER_PIXEL, Array, Catalogue
from workflow.contract.dataset_report import SPLITS, ClassCount, SplitCount

SIZES = 10
"""Sizes of pictures that a report lists."""


def objects_by_split(catalogue: Catalogue, classes: int) -> Array:
    """Objects that are handed on, by split and class, shape (3, classes)."""
    counts = np.zeros((len(SPLITS), classes), np.int64)
    pictures, seen, objects = catalogue.pairs()
    for at in range(len(SPLITS)):
        used = (catalogue.rows["kept"] & (catalogue.rows["split"] == at))[pictures]
        counts[at] = np.bincount(seen[used], objects[used], minlength=classes)[:classes]
    return counts


def median_sides(sides: Array) -> list[float]:
    """The median side of each class's boxes over all splits, in pixels; 0 where there are none.

    ``sides`` are those of a catalogue.
    """
    total = sides.sum(axis=1)
    middle = (np.cumsum(sides, axis=1) * 2 >= total[:, None]).argmax(axis=1)
    return [float(side) for side in np.where(total > 0, middle / BINS_PER_PIXEL, 0.0)]


def class_counts(catalogue: Catalogue, classes: tuple[str, ...]) -> tuple[ClassCount, ...]:
    """Every class with its objects by split and their median side."""
    counts = objects_by_split(catalogue, len(classes))
    return tuple(
        ClassCount(name, {split: int(counts[at, class_id]) for at, split in enumerate(SPLITS)}, side)
        for class_id, (name, side) in enumerate(zip(classes, median_sides(catalogue.sides), strict=True))
    )


def split_counts(catalogue: Catalogue) -> dict[str, SplitCount]:
    """Pictures and objects of each split that holds any."""
    counted = {}
    for at, name in enumerate(SPLITS):
        places = catalogue.of(at)
        if len(places):
            counted[name] = SplitCount(len(places), int(catalogue.rows["objects"][places].sum()))
    return counted


def sizes(catalogue: Catalogue) -> dict[str, int]:
    """The sizes seen most among the pictures that are handed on, ``640x480``, with how often."""
    rows = catalogue.rows[catalogue.rows["kept"]]
    both = rows["width"].astype(np.uint64) << np.uint64(32) | rows["height"]
    found, counts = np.unique(both, return_counts=True)
    order = np.lexsort((found, -counts))[:SIZES]
    return {f"{int(found[at]) >> 32}x{int(found[at]) & 0xFFFFFFFF}": int(counts[at]) for at in order}
