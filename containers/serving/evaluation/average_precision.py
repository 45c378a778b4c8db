"""Average precision and its kin, from matched boxes: numpy only, no file, no model, no name of a class.

The rules are those of ultralytics' ``val``: ten overlaps from 0.50 to 0.95, the best-scored detection chooses first,
precision made falling, the area measured at 101 recalls by trapezia. COCO matches alike and takes at each recall the
precision of the next object found, where this takes the line between two; a perfect class scores 0.995 here, 1 there.

Every figure may be asked for several draws of the pictures at once: a weight says how often a picture was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Integers, Reals

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
AT_ONCE = 1 << 22
"""Numbers in a table of detections by draws that is worked on at a time: 32 MB."""


def match(likeness: Doubles, classes: Integers, true_classes: Integers) -> Integers:
    """Which true object each detection [n], best score first, finds at each of the ten overlaps: [n, 10], -1 for none.

    ``likeness`` [n, m] is from 0 to 1. Each detection takes the free object of its class that it is most like; an
    object is taken once.
    """
    found = np.full((len(classes), len(OVERLAPS)), -1)
    alike = np.where(classes[:, None] == true_classes[None], likeness, 0.0)
    free = np.ones((len(true_classes), len(OVERLAPS)), bool)
    levels = np.arange(len(OVERLAPS))
    for at in np.flatnonzero((alike >= OVERLAPS[0]).any(axis=1)):
        left = np.where(free, alike[at, :, None], 0.0)
        best = left.argmax(axis=0)
        enough = left[best, levels] >= OVERLAPS
        found[at, enough] = best[enough]
        free[best[enough], levels[enough]] = False
    return found


@dataclass(frozen=True)
class Matches:
    """Every detection on a set of pictures: rightness [n, 10], score, class and picture [n]; and the true objects'."""

    right: Flags
    scores: Reals
    classes: Integers
    pictures: Integers
    true_classes: Integers
    true_pictures: Integers

    def of_class(self, class_id: int) -> tuple[Flags, Integers, Integers]:
        """Rightness [n, 10] and pictures [n] of a class's detections, best score first; pictures of its objects."""
        chosen = np.flatnonzero(self.classes == class_id)
        chosen = chosen[np.argsort(-self.scores[chosen], kind="stable")]
        return self.right[chosen], self.pictures[chosen], self.true_pictures[self.true_classes == class_id]


def average_precision(matches: Matches, classes: int, weights: Doubles) -> Doubles:
    """Average precision [classes, 10, draws] for ``weights`` [pictures, draws]; a class without objects scores 0."""
    table = np.zeros((classes, len(OVERLAPS), weights.shape[1]))
    for class_id in np.unique(matches.true_classes):
        right, pictures, true = matches.of_class(int(class_id))
        size = max(1, AT_ONCE // max(1, len(right)))
        for first in range(0, weights.shape[1], size):
            draws = weights[:, first : first + size]
            own, objects = draws[pictures], draws[true].sum(axis=0)
            shown = own.cumsum(axis=0)
            for level in range(len(OVERLAPS)):
                curve = precision_at_recalls(right[:, level], own, shown, objects)
                table[class_id, level, first : first + size] = np.trapezoid(curve, RECALLS, axis=0)
    return table


def precision_curves(matches: Matches, classes: int, pictures: int) -> Doubles:
    """Precision [classes, 101] at overlap 0.5 and the recalls RECALLS, every picture taken once."""
    curves = np.zeros((classes, len(RECALLS)))
    once = np.ones((pictures, 1))
    for class_id in np.unique(matches.true_classes):
        right, shown, true = matches.of_class(int(class_id))
        own = once[shown]
        curves[class_id] = precision_at_recalls(right[:, 0], own, own.cumsum(axis=0), once[true].sum(axis=0))[:, 0]
    return curves


def precision_at_recalls(right: Flags, weights: Doubles, shown: Doubles, objects: Doubles) -> Doubles:
    """Precision [101, draws] of one class at one overlap, made falling, and 0 where its recall is never reached.

    ``right`` [n] by falling score, ``weights`` [n, draws] with their sums so far ``shown``, ``objects`` [draws]. From
    one right detection to the next the curve is a line, which begins at the precision after all that is wrong between.
    """
    at = np.flatnonzero(right)
    if not len(at):
        return np.zeros((len(RECALLS), weights.shape[1]))
    found = weights[at].cumsum(axis=0)
    start = np.zeros((1, weights.shape[1]))
    # Of each right detection the precision with it, and with all that follows before the next right one.
    reached = _shares(found, shown[at])
    before = shown[at[0] - 1][None] if at[0] else start
    left = np.concatenate((_shares(start, before), _shares(found[:-1], shown[at[1:] - 1])))
    falling = np.maximum.accumulate(reached[::-1], axis=0)[::-1]
    left = np.maximum(left, falling)
    recall = np.concatenate((start, found / np.maximum(objects, 1)))
    curve = np.zeros((len(RECALLS), weights.shape[1]))
    for draw in range(weights.shape[1]):
        own = recall[:, draw]
        after = np.searchsorted(own, RECALLS, side="right")
        inside = after < len(own)
        after = after[inside]
        low, high = own[after - 1], own[after]
        y, rise = left[after - 1, draw], falling[after - 1, draw] - left[after - 1, draw]
        curve[inside, draw] = y + rise * (RECALLS[inside] - low) / (high - low)
    return curve


def _shares(found: Doubles, shown: Doubles) -> Doubles:
    """Precision; 1 as long as nothing is shown."""
    return np.divide(found, shown, out=np.ones_like(found), where=shown > 0)


def mean_over_present(values: Reals, objects: Reals | Integers) -> Doubles:
    """Mean [draws] of a figure [classes, draws] over classes that have ``objects`` [classes, draws]; 0 if none has."""
    present = objects > 0
    total, count = np.where(present, values, 0).sum(axis=0), present.sum(axis=0)
    means: Doubles = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return means
