"""MOTA, IDF1 and HOTA of what a tracker said of a video, by their papers.

- MOTA and switches: K. Bernardin and R. Stiefelhagen, "Evaluating multiple object tracking performance: the CLEAR MOT
  metrics" (EURASIP Journal on Image and Video Processing, 2008).
- IDF1: E. Ristani and others, "Performance measures and a data set for multi-target, multi-camera tracking" (ECCV
  workshops, 2016).
- HOTA: J. Luiten and others, "HOTA: a higher order metric for evaluating multi-object tracking" (IJCV 129, 2021).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from containers.serving.model.arrays import Doubles, Integers
from containers.serving.model.overlap import overlap
from containers.serving.tracking.matching import match

ENOUGH = 0.5
"""Of an overlap, for MOTA and IDF1."""
ALPHAS = np.arange(1, 20) / 20
"""The overlaps that HOTA is the mean over."""
STAYS = 1000.0
"""More than any overlap: who was matched before stays matched, as long as there is enough overlap."""
_TINY = 1e-9


@dataclass(frozen=True)
class Shown:
    """What is in one frame: ``ids`` [n] and ``boxes`` [n, 4]."""

    ids: Integers
    boxes: Doubles


@dataclass(frozen=True)
class Figures:
    """How well objects were followed, all but ``switches`` at most 1."""

    mota: float
    idf1: float
    hota: float
    switches: int


def measure(truth: Sequence[Shown], found: Sequence[Shown]) -> Figures:
    """The figures of a video: what is true of each frame, and what a tracker said of it."""
    likenesses = [overlap(true.boxes, said.boxes) for true, said in zip(truth, found, strict=True)]
    mota, switches = _measure_clear(truth, found, likenesses)
    idf1 = _measure_identities(truth, found, likenesses)
    return Figures(mota, idf1, _measure_hota(truth, found, likenesses), switches)


def _measure_clear(truth: Sequence[Shown], found: Sequence[Shown], alike: Sequence[Doubles]) -> tuple[float, int]:
    """1 less the share of misses, of what is not there, and of switches; and how many the latter are."""
    last: dict[int, int] = {}
    wrong, switches, there = 0, 0, 0
    before: dict[int, int] = {}
    for true, said, likeness in zip(truth, found, alike, strict=True):
        stays = np.array([[before.get(one) == other for other in said.ids.tolist()] for one in true.ids.tolist()])
        enough = likeness >= ENOUGH
        rows, columns = match(np.where(enough, likeness + STAYS * stays.reshape(likeness.shape), 0))
        before = dict(zip(true.ids[rows].tolist(), said.ids[columns].tolist(), strict=True))
        switches += sum(last.get(one, other) != other for one, other in before.items())
        last |= before
        wrong += len(true.ids) + len(said.ids) - 2 * len(rows)
        there += len(true.ids)
    return 1 - (wrong + switches) / there, switches


def _measure_identities(truth: Sequence[Shown], found: Sequence[Shown], alike: Sequence[Doubles]) -> float:
    """The share of what is true and of what was said that the best one-to-one pairing of whole tracks explains."""
    true_ids, said_ids = _ids(truth), _ids(found)
    together = np.zeros((len(true_ids), len(said_ids)))
    for true, said, likeness in zip(truth, found, alike, strict=True):
        rows, columns = np.nonzero(likeness >= ENOUGH)
        np.add.at(together, (_places(true_ids, true.ids[rows]), _places(said_ids, said.ids[columns])), 1)
    explained = together[match(together)].sum()
    return float(2 * explained / (_count(truth) + _count(found)))


def _measure_hota(truth: Sequence[Shown], found: Sequence[Shown], alike: Sequence[Doubles]) -> float:
    """The mean over all overlaps of the geometric mean of detection and association."""
    true_ids, said_ids = _ids(truth), _ids(found)
    true_counts, said_counts = _counts(truth, true_ids), _counts(found, said_ids)
    hopes = np.zeros((len(true_ids), len(said_ids)))
    for true, said, likeness in zip(truth, found, alike, strict=True):
        rest = likeness.sum(axis=0) + likeness.sum(axis=1)[:, None] - likeness
        hopes[np.ix_(_places(true_ids, true.ids), _places(said_ids, said.ids))] += likeness / (rest + _TINY)
    hopes = hopes / (true_counts[:, None] + said_counts - hopes)
    together = np.zeros((len(ALPHAS), *hopes.shape))
    for true, said, likeness in zip(truth, found, alike, strict=True):
        mine, theirs = _places(true_ids, true.ids), _places(said_ids, said.ids)
        rows, columns = match(hopes[np.ix_(mine, theirs)] * likeness)
        enough = likeness[rows, columns] >= ALPHAS[:, None] - _TINY
        for at, kept in enumerate(enough):
            together[at, mine[rows[kept]], theirs[columns[kept]]] += 1
    hits = together.sum(axis=(1, 2))
    detection = hits / (_count(truth) + _count(found) - hits)
    association = (together**2 / (true_counts[:, None] + said_counts - together)).sum(axis=(1, 2))
    return float(np.sqrt(detection * association / np.maximum(hits, 1)).mean())


def _count(shown: Sequence[Shown]) -> int:
    return sum(len(one.ids) for one in shown)


def _ids(shown: Sequence[Shown]) -> Integers:
    return np.unique(np.concatenate([one.ids for one in shown]))


def _counts(shown: Sequence[Shown], ids: Integers) -> Doubles:
    counted = Counter(np.concatenate([one.ids for one in shown]).tolist())
    return np.array([counted[one] for one in ids.tolist()], np.float64)


def _places(ids: Integers, of: Integers) -> Integers:
    return np.searchsorted(ids, of)
