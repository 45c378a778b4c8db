"""What changed in the data since the model in production was trained."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from containers.page.table import folded, table
from containers.page.words import listed
from containers.serving.report.words import signed
from workflow.contract.dataset_report import DatasetReport, SplitCount
from workflow.contract.reading import ContractError

OPEN_CLASSES = 6
"""Classes whose change is in the open; the others are unfolded."""
NAMED = 4
"""Classes that a sentence names."""
NONE = SplitCount(0, 0)


def changes(now: DatasetReport, former: Mapping[str, Any] | None) -> str:
    """The data of this run beside production's, by split and class; nothing where production's is not known."""
    if former is None:
        return ""
    heading = "<h3>Changes since production</h3>\n"
    try:
        then = DatasetReport.parse(former)
    except ContractError as error:
        return f'{heading}<p class="quiet">The data of production cannot be read: {escape(str(error))}.</p>\n'
    if then.digest == now.digest:
        return f"{heading}<p>The same data: pictures, labels and splits are those that production was made of.</p>\n"
    return f"{heading}{_names(now, then)}{_splits(now, then)}{_classes(now, then)}"


def tell_changes(now: DatasetReport | None, former: Mapping[str, Any] | None) -> str:
    """The same in a few words of plain text: ``12 more pictures, new class washer``; empty where nobody knows."""
    try:
        then = None if former is None else DatasetReport.parse(former)
    except ContractError:
        return ""
    if now is None or then is None:
        return ""
    if then.digest == now.digest:
        return "the same data as before"
    more = sum(split.images for split in now.splits.values()) - sum(split.images for split in then.splits.values())
    parts = [f"{abs(more):,} {'more' if more > 0 else 'fewer'} {_pictures(more)} than before"] if more else []
    for what, names in (
        ("new", [name for name in now.classes if name not in then.classes]),
        ("removed", [name for name in then.classes if name not in now.classes]),
    ):
        if names:
            others = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            parts.append(f"{what} {'class' if len(names) == 1 else 'classes'}: {', '.join(names[:NAMED])}{others}")
    return "; ".join(parts) or "as many pictures as before, but different pictures or labels"


def _pictures(number: int) -> str:
    return "picture" if abs(number) == 1 else "pictures"


def _names(now: DatasetReport, then: DatasetReport) -> str:
    new = [name for name in now.classes if name not in then.classes]
    gone = [name for name in then.classes if name not in now.classes]
    parts = []
    if new:
        parts.append(f"New classes: <b>{listed(new)}</b>.")
    if gone:
        parts.append(f"Removed classes: <b>{listed(gone)}</b>.")
    return f"<p>{' '.join(parts) or 'The classes are the same.'}</p>\n"


def _splits(now: DatasetReport, then: DatasetReport) -> str:
    rows = []
    for name in dict.fromkeys((*now.splits, *then.splits)):
        new, old = now.splits.get(name, NONE), then.splits.get(name, NONE)
        row = [escape(name), f"{new.images:,}", difference(new.images, old.images)]
        rows.append(row if now.task == "classify" else [*row, f"{new.objects:,}", difference(new.objects, old.objects)])
    head = ["Split", "Pictures", "Change"] + ([] if now.task == "classify" else ["Objects", "Change"])
    same = ""
    if all(now.splits.get(name) == then.splits.get(name) for name in {*now.splits, *then.splits}):
        same = "<p>As many pictures and objects as before, but not the same: something in them was changed.</p>\n"
    return same + table("Pictures and objects of each split, and the change", head, rows)


def _classes(now: DatasetReport, then: DatasetReport) -> str:
    """Classes with more or fewer objects, the largest change first."""
    new = {one.name: one.objects for one in now.class_counts}
    old = {one.name: one.objects for one in then.class_counts}
    splits = list(dict.fromkeys((*now.splits, *then.splits)))
    rows = []
    for name in dict.fromkeys((*new, *old)):
        pairs = [(new.get(name, {}).get(split, 0), old.get(name, {}).get(split, 0)) for split in splits]
        moved = sum(abs(after - before) for after, before in pairs)
        if moved:
            rows.append((moved, [escape(name), *(f"{after:,} {difference(after, before)}" for after, before in pairs)]))
    if not rows:
        return ""
    rows.sort(key=lambda row: (-row[0], row[1][0]))
    what = "Pictures" if now.task == "classify" else "Objects"
    head = [what + " of", *map(escape, splits)]
    changed = [row for _, row in rows]
    return folded(f"{what} of each class, and the change", head, changed, "classes that changed", OPEN_CLASSES)


def difference(after: int, before: int) -> str:
    """How many more (+) or fewer (−), in quieter letters."""
    return f"<small>{signed(after - before, 0) if after != before else 'same'}</small>"
