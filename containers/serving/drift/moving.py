"""How far each picture of a window is from the pictures that the version was judged by, and which is its nearest.

A picture is where its features are; without features, where its other figures are. Pure numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.drift.distances import between, spread
from containers.serving.drift.table import FIGURES, Table
from containers.serving.model.arrays import Doubles, Floats, Integers

AT_ONCE = 500
"""Pictures of a window whose distances are in memory at a time."""


@dataclass(frozen=True)
class Moved:
    """For each picture of a window [n]: distance to its ``nearest`` reference picture, and how unusual that is.

    ``rank`` is the share of the reference's pictures that are nearer to another of them: at 1 none is as far off.
    """

    distance: Doubles
    rank: Doubles
    nearest: Integers

    def farthest(self, most: int) -> list[int]:
        """The pictures that are farthest, the farthest first."""
        return [int(at) for at in np.argsort(-self.distance, kind="stable")[:most]]


def measure_moves(reference: Table, window: Table) -> Moved:
    """Measure every picture of the window. Neither may be empty."""
    first, second = _places(reference, reference), _places(window, reference)
    own = between(first)
    np.fill_diagonal(own, np.inf)
    usual = np.sort(own.min(axis=1)) if len(first) > 1 else np.zeros(1)
    distance, nearest = [], []
    for start in range(0, len(second), AT_ONCE):
        apart = between(second[start : start + AT_ONCE], first)
        nearest.append(apart.argmin(axis=1))
        distance.append(apart.min(axis=1))
    far = np.concatenate(distance).astype(np.float64)
    return Moved(far, np.searchsorted(usual, far) / len(usual), np.concatenate(nearest).astype(np.int64))


def _places(table: Table, like: Table) -> Floats:
    if like.features.shape[1]:
        return spread(table.features, like.features) / np.float32(np.sqrt(like.features.shape[1]))
    both = [np.stack([one.figures[name] for name in FIGURES], axis=1) for one in (table, like)]
    known = [np.nan_to_num(values).astype(np.float32) for values in both]
    return spread(known[0], known[1]) / np.float32(np.sqrt(len(FIGURES)))
