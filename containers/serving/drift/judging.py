"""From a reference and a window to ``drift.json``: which figures drifted, by how much, and in words. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.drift.reference import Reference
from containers.serving.drift.table import FIGURES, Table
from containers.serving.drift.verdict import CLASSES, FEATURES, Distance, compare, too_small
from containers.serving.model.arrays import Doubles
from workflow.contract.drift import DriftFigure, DriftReport
from workflow.contract.plain_text import show_plain

QUANTILES = (0.1, 0.5, 0.9)
MOST_CLASSES = 3
"""Classes whose share moved that are named."""
NOTHING_FOUND = "nothing found"
AS_BEFORE = "as before"
"""What is said of a figure whose difference is not sure."""


@dataclass(frozen=True)
class About:
    """Whose pictures are held against whose: the run, the version, and the window in ISO 8601."""

    run: str
    package_version: int
    since: str
    until: str


def judge(reference: Reference, window: Table, unreadable: int, about: About) -> DriftReport:
    """Compare, and say it. The names of classes are shown as plain text."""
    why = too_small(len(reference.table), len(window))
    figures = () if why else tuple(_tell(reference, window, one) for one in compare(reference.table, window))
    drifted = [one for one in figures if one.drifted]
    if why:
        line = f"not judged: {why}"
    elif drifted:
        line = f"{len(window):,} pictures are not as the held-out ones: {'; '.join(one.became for one in drifted)}"
    else:
        line = f"{len(window):,} pictures are as the held-out ones"
    return DriftReport(
        run=about.run,
        package_version=about.package_version,
        model_digest=reference.model_digest,
        since=about.since,
        until=about.until,
        reference_pictures=len(reference.table),
        pictures=len(window),
        unreadable=unreadable,
        judged=not why,
        drifted=bool(drifted),
        line=line + _tell_unreadable(unreadable),
        figures=figures,
    )


def _tell_unreadable(files: int) -> str:
    return f" ({files:,} {'file' if files == 1 else 'files'} without a picture)" if files else ""


def _tell(reference: Reference, window: Table, one: Distance) -> DriftFigure:
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    if one.name == CLASSES:
        became = tell_classes(reference, window)
    elif one.name == FEATURES:
        became = "of other features than the model was judged by"
    else:
        first, second = reference.table.figures[one.name], window.figures[one.name]
        before, after = _quantiles(first), _quantiles(second)
        became = _tell_figure(one.name, first, second, before, after)
    if not one.sure:
        became = AS_BEFORE
    elif not one.drifted:
        became = f"a little {became}"
    return DriftFigure(
        name=one.name,
        became=became,
        drifted=one.drifted,
        distance=round(one.distance, 5),
        large=one.large,
        chance=round(one.chance, 5),
        reference=before,
        window=after,
    )


def _tell_figure(
    name: str, first: Doubles, second: Doubles, before: tuple[float, ...], after: tuple[float, ...]
) -> str:
    called, lower, higher = FIGURES[name]
    if not before or not after:
        return AS_BEFORE
    # Where the middles are the same, the ends differ.
    moved = after[1] - before[1] or float(np.nanmean(second) - np.nanmean(first))
    way = higher if moved > 0 else lower
    return f"{way} ({called} {before[1]:.3g} before, {after[1]:.3g} now)"


def tell_classes(reference: Reference, window: Table) -> str:
    """The classes whose share of all that was found moved most: ``more nut (20% before, 41% now), …``."""
    before, after = class_shares(reference.table), class_shares(window)
    names = (*reference.classes, NOTHING_FOUND)
    moved = sorted(range(len(names)), key=lambda at: -abs(after[at] - before[at]))[:MOST_CLASSES]
    told = [
        f"{'more' if after[at] > before[at] else 'fewer'} {show_plain(names[at])} "
        f"({before[at]:.0%} before, {after[at]:.0%} now)"
        for at in moved
        if round(abs(after[at] - before[at]), 2)
    ]
    return ", ".join(told) or "of other classes"


def class_shares(table: Table) -> Doubles:
    """The share of each class of all that was found [classes + 1]; the last one is of pictures without anything."""
    counted = np.append(table.classes.sum(axis=0), (table.classes.sum(axis=1) == 0).sum())
    return np.asarray(counted / max(1, counted.sum()))


def _quantiles(values: Doubles) -> tuple[float, ...]:
    known = values[~np.isnan(values)]
    if not len(known):
        return ()
    return tuple(round(float(value), 5) for value in np.quantile(known, QUANTILES))
