"""The data a model was made of: how much, what was found wrong with it, and what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from containers.page.dataset import classes, sizes, splits
from containers.page.document import embed
from containers.page.table import table
from containers.serving.report.changes import changes
from workflow.contract.dataset_report import ACTIONS, FINDINGS, DatasetReport

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
        f"<section>\n<h2>Data</h2>\n{splits(found)}{sizes(found)}{changes(found, former)}"
        f"{_findings(found, policy)}{classes(found)}{sheet}</section>\n"
    )


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
