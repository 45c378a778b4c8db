"""How much data there is, as a page shows it: pictures and objects by split, sizes of pictures, objects by class."""

from __future__ import annotations

from html import escape

from containers.page.table import folded
from containers.page.words import count
from workflow.contract.dataset_report import SPLITS, DatasetReport

OPEN_CLASSES = 6
"""Classes that are counted in the open; the others are unfolded."""
SIZES = 6
"""Picture sizes that are named; the others are counted."""


def _order(found: DatasetReport) -> list[str]:
    return [name for name in SPLITS if name in found.splits] + sorted(set(found.splits) - set(SPLITS))


def splits(found: DatasetReport) -> str:
    """Pictures and objects of each split."""
    parts = []
    for name in _order(found):
        split = found.splits[name]
        objects = "" if found.task == "classify" else f", {count(split.objects, 'object')}"
        parts.append(f"<dt>{escape(name)}</dt><dd>{count(split.images, 'picture')}{objects}</dd>")
    return f'<dl class="short">{"".join(parts)}</dl>\n'


def sizes(found: DatasetReport) -> str:
    """The picture sizes seen most."""
    if not found.sizes:
        return ""
    ranked = sorted(found.sizes.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{escape(size.replace('x', '×'))} ({number:,})" for size, number in ranked[:SIZES])
    rest = sum(number for _, number in ranked[SIZES:])
    return f'<p class="quiet">Picture sizes: {named}{f", other sizes ({rest:,})" if rest else ""}.</p>\n'


def classes(found: DatasetReport) -> str:
    """How often each class occurs in each split, the rarest first."""
    if not found.class_counts:
        return ""
    names = _order(found)
    sides = any(one.median_side for one in found.class_counts)
    ranked = sorted(found.class_counts, key=lambda one: (sum(one.objects.values()), one.name))
    rows = [
        [escape(one.name), *(f"{one.objects.get(split, 0):,}" for split in names)]
        + ([f"{one.median_side:.0f} px"] if sides else [])
        for one in ranked
    ]
    head = ["Class", *map(escape, names), *(["Usual side"] if sides else [])]
    what = "Pictures" if found.task == "classify" else "Objects"
    shown = folded(f"{what} of each class", head, rows, "classes", OPEN_CLASSES)
    return f"<h3>{what} of each class, rarest first</h3>\n{shown}"
