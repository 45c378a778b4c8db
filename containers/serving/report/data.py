"""The data a model was made of: how much, what was found wrong with it, and what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from containers.serving.report.changes import changes
from containers.serving.report.pictures import embed
from containers.serving.report.table import folded, table
from containers.serving.report.words import count
from workflow.contract.dataset_report import ACTIONS, FINDINGS, SPLITS, DatasetReport

OPEN_CLASSES = 6
"""Classes that are counted in the open; the others are unfolded."""
SIZES = 6
"""Picture sizes that are named; the others are counted."""
EXAMPLES = 20
"""Findings shown word for word."""
LARGEST_SHEET = 700_000
"""Bytes of a contact sheet that still goes on the page."""


def data(
    found: DatasetReport | None,
    former: Mapping[str, Any] | None,
    contact_sheet: bytes | None,
    record: Mapping[str, Any] | None,
) -> str:
    """What the preparation reported, beside what production was made of (``former``)."""
    if found is None:
        return ""
    sheet = ""
    if contact_sheet and len(contact_sheet) <= LARGEST_SHEET:
        sheet = (
            f'<figure class="sheet"><img alt="samples of the pictures with their labels drawn" '
            f'src="{embed(contact_sheet)}"><figcaption>Samples, with their labels drawn</figcaption></figure>\n'
        )
    policy = ((record or {}).get("preparation") or {}).get("policy") or {}
    return (
        f"<section>\n<h2>Data</h2>\n{_splits(found)}{_sizes(found)}{changes(found, former)}"
        f"{_findings(found, policy)}{_classes(found)}{sheet}</section>\n"
    )


def _order(found: DatasetReport) -> list[str]:
    return [name for name in SPLITS if name in found.splits] + sorted(set(found.splits) - set(SPLITS))


def _splits(found: DatasetReport) -> str:
    parts = []
    for name in _order(found):
        split = found.splits[name]
        objects = "" if found.task == "classify" else f", {count(split.objects, 'object')}"
        parts.append(f"<dt>{escape(name)}</dt><dd>{count(split.images, 'picture')}{objects}</dd>")
    return f'<dl class="short">{"".join(parts)}</dl>\n'


def _sizes(found: DatasetReport) -> str:
    if not found.sizes:
        return ""
    ranked = sorted(found.sizes.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{escape(size.replace('x', '×'))} ({number:,})" for size, number in ranked[:SIZES])
    rest = sum(number for _, number in ranked[SIZES:])
    return f'<p class="quiet">Picture sizes: {named}{f", other sizes ({rest:,})" if rest else ""}.</p>\n'


def _classes(found: DatasetReport) -> str:
    """How often each class occurs in each split, the rarest first."""
    if not found.class_counts:
        return ""
    splits = _order(found)
    sides = any(one.median_side for one in found.class_counts)
    ranked = sorted(found.class_counts, key=lambda one: (sum(one.objects.values()), one.name))
    rows = [
        [escape(one.name), *(f"{one.objects.get(split, 0):,}" for split in splits)]
        + ([f"{one.median_side:.0f} px"] if sides else [])
        for one in ranked
    ]
    head = ["Class", *map(escape, splits), *(["Usual side"] if sides else [])]
    what = "Pictures" if found.task == "classify" else "Objects"
    shown = folded(f"{what} of each class", head, rows, "classes", OPEN_CLASSES)
    return f"<h3>{what} of each class, rarest first</h3>\n{shown}"


def _findings(found: DatasetReport, policy: Mapping[str, Any]) -> str:
    heading = "<h3>What the check of the data found</h3>\n"
    counted = {kind: number for kind, number in found.counted.items() if number}
    if not counted:
        return f"{heading}<p>Nothing wrong with pictures and labels.</p>\n"
    done = {finding.kind: finding.action for finding in found.findings}
    rows = [
        [
            escape(kind.replace("-", " "))
            + (f" <small>{escape(FINDINGS[kind].advice)}</small>" if kind in FINDINGS else ""),
            f"{number:,}",
            escape(done.get(kind) or _action(kind, policy)),
        ]
        for kind, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    shown = table("Findings", ["Finding", "Times", "What was done"], rows)
    return heading + shown + _examples(found)


def _examples(found: DatasetReport) -> str:
    if not found.findings:
        return ""
    lines = "".join(f"<li>{escape(finding.text())}</li>" for finding in found.findings[:EXAMPLES])
    rest = found.errors + found.warnings - min(len(found.findings), EXAMPLES)
    more = f"<p>And {rest:,} more.</p>" if rest > 0 else ""
    return f"<details><summary>Where</summary><ul>{lines}</ul>{more}</details>\n"


def _action(kind: str, policy: Mapping[str, Any]) -> str:
    default = FINDINGS[kind].default if kind in FINDINGS else "note"
    return ACTIONS.get(str(policy.get(kind, default)), "noted")
