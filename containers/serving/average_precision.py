"""Average precision and its kin, from matched boxes: numpy only, no file, no model, no name of a class.

The rules are COCO's and those of ultralytics' ``val``: ten overlaps from 0.50 to 0.95, the best-scored detection
chooses first, precision made falling, the area measured at 101 recalls by trapezia.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
Flags = NDArray[np.bool_]

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


def overlap(first: Floats, second: Floats) -> Floats:
    """Intersection over union [n, m] of boxes [n, 4] and [m, 4], given as left, top, right, bottom."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    sides = (np.minimum(first[:, None, 2:], second[None, :, 2:]) - corner).clip(0)
    common = sides.prod(axis=2)
    area = [(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) for boxes in (first, second)]
    union = area[0][:, None] + area[1][None] - common
    shares: Floats = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return shares


def match(boxes: Floats, classes: Integers, true_boxes: Floats, true_classes: Integers) -> Integers:
    """Which true box each detection [n], best score first, finds at each of the ten overlaps: [n, 10], -1 for none.

    Each detection takes the free true box of its class that it overlaps most; a true box is taken once.
    """
    found = np.full((len(boxes), len(OVERLAPS)), -1)
    common = overlap(boxes.astype(np.float64), true_boxes.astype(np.float64))
    common[classes[:, None] != true_classes[None]] = 0
    for level, least in enumerate(OVERLAPS):
        free = np.ones(len(true_boxes), dtype=bool)
        for at in np.flatnonzero((common >= least).any(axis=1)):
            best = int(np.argmax(np.where(free, common[at], 0)))
            if free[best] and common[at, best] >= least:
                found[at, level] = best
                free[best] = False
    return found


def area_under(right: Flags | Floats, objects: float, weights: Floats | None = None) -> Floats:
    """Average precision at each overlap [10] of one class: ``right`` [n, 10] by falling score, ``objects`` true boxes.

    ``weights`` [n] counts a detection more than once, or not at all. A class without objects scores 0.
    """
    counted = np.ones(len(right)) if weights is None else weights
    if objects <= 0 or not counted.any():
        return np.zeros(right.shape[1])
    found = np.cumsum(right * counted[:, None], axis=0)
    shown = np.cumsum(counted)[:, None]
    recall = found / objects
    precision = np.divide(found, shown, out=np.zeros_like(found), where=shown > 0)
    areas = []
    for level in range(right.shape[1]):
        last = recall[-1, level]
        x = np.concatenate(([0.0], recall[:, level], [last, 1.0]))
        y = np.concatenate(([1.0], precision[:, level], [0.0, 0.0]))
        y = np.maximum.accumulate(y[::-1])[::-1]
        areas.append(np.trapezoid(np.interp(RECALLS, x, y), RECALLS))
    return np.array(areas)


@dataclass(frozen=True)
class Matches:
    """Every detection on a set of pictures: rightness [n, 10], score, class and picture [n]; and the true boxes'."""

    right: Flags
    scores: Floats
    classes: Integers
    pictures: Integers
    true_classes: Integers
    true_pictures: Integers

    def by_score(self) -> Matches:
        """The same with the best score first."""
        order = np.argsort(-self.scores, kind="stable")
        return Matches(
            self.right[order],
            self.scores[order],
            self.classes[order],
            self.pictures[order],
            self.true_classes,
            self.true_pictures,
        )


def average_precision(matches: Matches, classes: int, picture_weights: Floats | None = None) -> Floats:
    """Average precision [classes, 10] of matches sorted by score; a class without objects is a row of zeros.

    ``picture_weights`` counts a picture several times or not at all, which is how an interval is found.
    """
    table = np.zeros((classes, len(OVERLAPS)))
    for class_id in range(classes):
        chosen = matches.classes == class_id
        true = matches.true_pictures[matches.true_classes == class_id]
        if picture_weights is None:
            table[class_id] = area_under(matches.right[chosen], len(true))
        else:
            weights = picture_weights[matches.pictures[chosen]]
            table[class_id] = area_under(matches.right[chosen], picture_weights[true].sum(), weights)
    return table


def mean_over_present(values: Floats, objects: Integers | Floats) -> float:
    """Mean of one figure per class over the classes that have objects; 0 when none has."""
    present = objects > 0
    return float(values[present].mean()) if present.any() else 0.0


def precision_and_recall(matches: Matches, classes: int) -> Floats:
    """Precision and recall [classes, 2] at overlap 0.5 of the matches as they are: nothing shown is precision 0."""
    table = np.zeros((classes, 2))
    for class_id in range(classes):
        right = int(matches.right[matches.classes == class_id, 0].sum())
        shown = int((matches.classes == class_id).sum())
        objects = int((matches.true_classes == class_id).sum())
        table[class_id] = (right / shown if shown else 0.0, right / objects if objects else 0.0)
    return table
