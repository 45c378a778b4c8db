"""Decides which split every picture belongs to, where the dataset does not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from containers.training.preparation.catalogue import UNSPLIT, Array, Catalogue
from containers.training.preparation.coverage import ANY, explain
from containers.training.preparation.duplicates import join_groups
from containers.training.preparation.findings import Findings
from containers.training.preparation.groups import find_groups
from containers.training.preparation.splits import SHARE, SplitError, Unit, assign
from workflow.contract.dataset_report import SPLITS


@dataclass(frozen=True)
class Made:
    """The splits that were dealt out, training among them, and why a class could not be in all of them.

    ``reasons`` are by class, those for objects of any class under ``coverage.ANY``.
    """

    splits: tuple[str, ...] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)

    def explain(self, class_id: int, splits: Iterable[str]) -> str:
        """Why a class is not in these splits, to be put behind a sentence; empty where they were not made here."""
        return f": {self.reasons[class_id]}" if class_id in self.reasons and {*splits} & {*self.splits} else ""


def complete(
    catalogue: Catalogue, equal: Array, near: Array, *, group_pattern: str, seed: int, findings: Findings
) -> Made:
    """Put every picture into a split: what has none belongs to training, of which missing splits are made.

    ``equal`` and ``near`` are the first place of each picture's equals and of its series. Pictures that are equal or
    share a group stay together, and so do series, unless one is larger than a split.
    """
    rows = catalogue.rows
    # A split whose pictures were all dropped is empty and not missing.
    missing = [at for at in range(1, len(SPLITS)) if not (rows["split"] == at).any()]
    rows["split"][rows["split"] == UNSPLIT] = 0
    pool = np.flatnonzero(rows["kept"] & (rows["split"] == 0))
    if not missing or not len(pool):
        return Made()
    first: dict[str, int] = {}
    grouped = find_groups([catalogue.entries[at] for at in pool.tolist()], group_pattern)
    groups = [first.setdefault(name, at) if name else at for at, name in zip(pool.tolist(), grouped, strict=True)]
    together = join_groups(equal, pool, np.array(groups))
    together = _join_series(together, near, pool)
    units, places = _make_units(catalogue, together, pool)
    names = [SPLITS[at] for at in missing]
    try:
        chosen = assign(units, names, seed)
    except SplitError as error:
        findings.add("empty-split", ".", str(error))
        return Made()
    for split, where in zip(chosen, places, strict=True):
        rows["split"][where] = SPLITS.index(split)
    return _explain(catalogue, units, pool, ("train", *names))


def _explain(catalogue: Catalogue, units: list[Unit], pool: Array, splits: tuple[str, ...]) -> Made:
    pooled = np.zeros(len(catalogue.rows), np.bool_)
    pooled[pool] = True
    pictures, seen, _ = catalogue.pairs()
    counts = Counter(seen[pooled[pictures]].tolist())
    counts[ANY] = int((catalogue.rows["objects"][pool] > 0).sum())
    return Made(splits, explain([unit.classes for unit in units], counts, splits))


def _join_series(together: Array, near: Array, pool: Array) -> Array:
    """Let series stay together as well; one that is larger than a split would leave nothing to choose from."""
    series = join_groups(together, pool, near[pool])
    sizes = np.bincount(series[pool], minlength=len(series))
    small = pool[sizes[series[pool]] <= SHARE * len(pool)]
    return join_groups(together, small, near[small])


def _make_units(catalogue: Catalogue, together: Array, pool: Array) -> tuple[list[Unit], list[Array]]:
    order = pool[np.argsort(together[pool], kind="stable")]
    starts = np.flatnonzero(np.diff(together[order], prepend=-1))
    places = np.split(order, starts[1:])
    unit_of = np.full(len(catalogue.rows), -1)
    unit_of[order] = np.repeat(np.arange(len(places)), [len(where) for where in places])
    classes: list[dict[int, int]] = [{} for _ in places]
    pictures, seen, _ = catalogue.pairs()
    for unit, class_id in zip(unit_of[pictures].tolist(), seen.tolist(), strict=True):
        if unit >= 0:
            classes[unit][class_id] = classes[unit].get(class_id, 0) + 1
    digests = catalogue.rows["digest"]
    return [
        Unit(min(digests[at].tobytes() for at in where), len(where), held)
        for where, held in zip(places, classes, strict=True)
    ], places
