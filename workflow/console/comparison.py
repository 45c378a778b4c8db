"""Builds side by side: what they scored, on which data, and which of their settings differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.console.datasets import REPORT, report_folder
from workflow.console.executions import Execution
from workflow.console.stored import Stored
from workflow.contract.dataset_report import SPLITS, DatasetReport
from workflow.contract.figures import format_figure
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import ContractError
from workflow.contract.scores import FIGURE_NAMES, Metrics
from workflow.runs.progress import Epoch

MOST = 4
"""Builds that have room beside one another."""

_UNSAID = ("version", "run", "started_by", "reason", "dataset")
"""What ``run.json`` says that is no setting, or is told elsewhere on the page."""


@dataclass(frozen=True)
class Side:
    """One of the builds compared. What it did not come to is empty or None."""

    execution: Execution
    settings: Mapping[str, str]
    report: DatasetReport | None
    metrics: Metrics | None
    epochs: Sequence[Epoch] = ()


@dataclass(frozen=True)
class Row:
    """One line: its name and what it says of each build. ``best`` is the place of the highest, -1 where none is."""

    name: str
    cells: tuple[str, ...]
    best: int = -1


def read_side(stored: Stored, execution: Execution, epochs: Sequence[Epoch]) -> Side:
    """A build with what it left in the bucket."""
    base = f"runs/{execution.name}/"
    return Side(
        execution,
        flatten(stored.document(f"{base}record/run.json")),
        _read(DatasetReport.parse, stored.document(report_folder(execution.name) + REPORT)),
        _read(Metrics.parse, stored.document(f"{base}evaluation/metrics.json")),
        epochs,
    )


def _read(parse: Any, document: Mapping[str, Any]) -> Any:
    """What a document says; None where there is none, or not a whole one."""
    try:
        return parse(document)
    except ContractError:
        return None


def flatten(document: Mapping[str, Any], under: str = "") -> dict[str, str]:
    """Every setting by the path that leads to it, as texts.

    >>> flatten({"training": {"tune": False, "fallback": ["a", "b"]}})
    {'training tune': 'false', 'training fallback': 'a, b'}
    """
    found: dict[str, str] = {}
    for key, value in document.items():
        if not under and key in _UNSAID:
            continue
        name = f"{under} {key}".strip()
        if isinstance(value, Mapping):
            found |= flatten(value, name)
        else:
            found[name] = _say(value)
    return found


def _say(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(_say(one) for one in value)
    return "" if value is None else show_plain(str(value))


def differing(sides: Sequence[Side]) -> tuple[list[Row], list[Row]]:
    """The settings that differ between the builds, and those that all share."""
    names = list(dict.fromkeys(name for side in sides for name in side.settings))
    rows = [Row(name.replace("_", " "), tuple(side.settings.get(name, "") for side in sides)) for name in names]
    return [row for row in rows if len(set(row.cells)) > 1], [row for row in rows if len(set(row.cells)) == 1]


def figures(sides: Sequence[Side]) -> list[Row]:
    """The figures on the held-out images, each with its interval where it is known; the highest is the best.

    None is the best where the builds were not measured on the same data.
    """
    measured = [side.metrics for side in sides]
    same = len({one.dataset_digest for one in measured if one}) == 1
    rows = []
    for figure, name in FIGURE_NAMES.items():
        values = [one.candidate.figure(figure) if one else None for one in measured]
        if any(value is not None for value in values):
            cells = tuple(_figure(one, figure, value) for one, value in zip(measured, values, strict=True))
            rows.append(Row(name, cells, _highest(values) if same else -1))
    return rows


def _figure(metrics: Metrics | None, figure: str, value: float | None) -> str:
    if metrics is None or value is None:
        return ""
    interval = metrics.candidate.intervals.get(figure)
    return format_figure(value) + (
        f" ({format_figure(interval.low)} to {format_figure(interval.high)})" if interval else ""
    )


def _highest(values: Iterable[float | None]) -> int:
    known = [(value, -at) for at, value in enumerate(values) if value is not None]
    return -max(known)[1] if len({value for value, _ in known}) > 1 else -1


def data(sides: Sequence[Side]) -> list[Row]:
    """What the builds learned from and were measured on."""
    reports = [side.report for side in sides]
    rows = [Row("dataset", tuple(side.execution.dataset_name for side in sides))]
    rows += [
        Row(
            split,
            tuple(
                f"{one.splits[split].images} pictures, {one.splits[split].objects} objects" if one else ""
                for one in reports
            ),
        )
        for split in SPLITS
    ]
    rows.append(Row("classes", tuple(show_plain(", ".join(one.classes)) if one else "" for one in reports)))
    rows.append(Row("digest", tuple(one.digest[:12] if one else "" for one in reports)))
    return rows
