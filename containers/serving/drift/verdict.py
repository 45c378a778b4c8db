"""Whether a window of pictures is like the reference, figure by figure and over all figures together. Pure numpy.

Were the window like the reference, any other split of all their pictures into two sets of these sizes would be as
likely as the true one. So the distances of the true split are ranked among those of many drawn ones (a permutation
test). Each figure is measured in deviations of its own drawn distances, and the true split's is ranked among the
largest of all figures of each draw: Westfall and Young's step "maxT" ("Resampling-based multiple testing", 1993).
A window that is like the reference is called drifted with a chance of at most RARE, over all figures together, whatever
the figures' distributions are and however they hang together. With thousands of pictures the smallest difference is
sure: a figure has drifted only where its distance is a large one as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from containers.serving.drift.distances import energy, largest_gap, moved_share
from containers.serving.drift.table import FIGURES, Table
from containers.serving.model.arrays import Doubles, Flags
from workflow.contract.drift import FEWEST

RARE = 0.002
"""The chance of a false alarm of one window, over all figures: one window in 500."""
DRAWS = 1999
MOST_TESTED = 2000
"""Pictures of a window that are drawn for the test where it has more; all of them are described."""
LARGE_GAP, LARGE_SHARE, LARGE_ENERGY = 0.15, 0.10, 0.005
"""Distances from which a difference that is sure is a drift: of a figure, of the classes, of the features."""
CLASSES, FEATURES = "classes", "features"
"""The names of the two that are no figure of FIGURES."""


@dataclass(frozen=True)
class Distance:
    """How far the window is from the reference by one figure.

    ``large`` is from which distance it is a drift; ``chance`` with which a window like the reference is as far by any
    figure.
    """

    name: str
    distance: float
    large: float
    chance: float

    @property
    def sure(self) -> bool:
        """Whether hardly any window that is like the reference is as far."""
        return self.chance <= RARE

    @property
    def drifted(self) -> bool:
        """Whether it is both sure and large."""
        return self.sure and self.distance >= self.large


def too_small(reference: int, window: int) -> str:
    """Why so many pictures are not judged, in words; empty where they are."""
    for pictures, of in ((window, "the window"), (reference, "the reference")):
        if pictures < FEWEST:
            return f"{of} has {pictures} pictures, {FEWEST} are needed"
    return ""


def compare(reference: Table, window: Table, seed: int = 0) -> tuple[Distance, ...]:
    """The distance of every figure that both have. Neither may be ``too_small``.

    ``classes`` counts what was found, and pictures without anything as one more kind.
    """
    random = np.random.default_rng(seed)
    if len(window) > MOST_TESTED:
        window = window.choose(np.sort(random.choice(len(window), MOST_TESTED, replace=False)))
    labels = relabel(len(reference), len(window), random)
    names, larges, drawn = zip(*_distances(reference, window, labels), strict=True)
    chances = rank_together(np.stack(drawn))
    return tuple(
        Distance(name, float(distances[0]), large, float(chance))
        for name, large, distances, chance in zip(names, larges, drawn, chances, strict=True)
    )


def relabel(first: int, second: int, random: np.random.Generator) -> Flags:
    """Labels [1 + DRAWS, first + second]: the true split in the first row, drawn ones in all others."""
    true = np.arange(first + second) < first
    drawn = random.permuted(np.tile(true, (DRAWS, 1)), axis=1)
    return np.concatenate((true[None], drawn))


def rank_together(distances: Doubles) -> Doubles:
    """The chance [figures] of the true split's distances, the first of [figures, 1 + draws], over all figures."""
    deviations = distances.std(axis=1, keepdims=True)
    standing = (distances - distances.mean(axis=1, keepdims=True)) / np.where(deviations > 0, deviations, np.inf)
    largest = standing.max(axis=0)
    # The true split is one of those that could have been drawn, so that no chance is 0.
    return np.asarray((largest[None] >= standing[:, :1]).mean(axis=1))


def _distances(reference: Table, window: Table, labels: Flags) -> Iterator[tuple[str, float, Doubles]]:
    for name in FIGURES:
        values = np.concatenate((reference.figures[name], window.figures[name]))
        yield name, LARGE_GAP, largest_gap(values, labels)
    counts = np.concatenate((reference.classes, window.classes))
    counted = np.column_stack((counts, counts.sum(axis=1) == 0))
    yield CLASSES, LARGE_SHARE, moved_share(counted, labels)
    if reference.features.shape[1]:
        features = np.concatenate((reference.features, window.features))
        yield FEATURES, LARGE_ENERGY, energy(features, labels)
