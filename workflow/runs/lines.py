"""A view of a run in lines of text: what a row says, what stands below it, what waits for a person. Pure.

A line that a terminal has no room for goes on in the next one: nothing that is known is cut off. What a view holds is
shown letter by letter, and none of it is anything that a terminal would obey.
"""

from __future__ import annotations

from workflow.contract.plain_text import show_lines
from workflow.runs import trials
from workflow.runs.approvals import Approval
from workflow.runs.progress import draw_curves, progress_line, summary_line
from workflow.runs.rows import Row
from workflow.runs.watch import View
from workflow.table import format_seconds
from workflow.terminal import width_of, wrap

MARKS = {"done": "✓", "failed": "✗", "asking": "?", "running": "⠸"}
_NAME_AND_TIME = 46
"""Columns of a row's name and of how long it took, beside each other."""
_BELOW = 6
"""Blanks before what stands below a row."""
_TENTHS = 100
"""Below so many seconds tenths are shown."""


def title_line(view: View) -> str:
    """The line above a view."""
    kind = view.machine.rsplit("-", 1)[-1].capitalize()
    return show_lines(f"{kind} {view.machine} · {view.run}")


def approval_lines(approval: Approval) -> list[str]:
    """What waits for a decision, and how it is given: the command stands alone, so that it can be copied."""
    return [
        show_lines(f"version {approval.version} {approval.state()}"),
        show_lines(f"open the mailed link, or: {approval.command()}"),
    ]


def remark(row: Row, view: View) -> str:
    """What stands behind a row: its note, how the training or the search goes, or else why it takes so long."""
    if row.status == "failed":
        return row.note
    going = ""
    if row.name == "Tune":
        going = trials.summary_line(view.trials)
    elif row.name == "Train":
        going = (summary_line if row.status == "done" else progress_line)(list(view.epochs))
    return "  ".join(part for part in (row.note, going or row.reason) if part)


def row_lines(
    row: Row, view: View, width: int | None = None, *, mark: str = "", seconds: float | None = None
) -> list[str]:
    """A row as one line, or as several where it is wider than ``width`` columns: its remark below, indented."""
    took = format_took(row.seconds if seconds is None else seconds)
    name_and_time = row.name + took.rjust(max(_NAME_AND_TIME - 2 * row.depth - width_of(row.name), len(took) + 1))
    said = show_lines(remark(row, view))
    head = show_lines(f"{'  ' * (row.depth + 1)}{mark or MARKS[row.status]} {name_and_time}")
    whole = f"{head}   {said}".rstrip()
    if width is None or width_of(whole) <= width:
        return [whole]
    below = _BELOW + 2 * row.depth
    return [head, *wrap(" " * below + said, width, below)]


def format_took(seconds: float) -> str:
    """How long a row took: ``4.7 s``, and ``3 min 05 s`` where tenths of a second are of no interest."""
    return f"{seconds:.1f} s" if seconds < _TENTHS else format_seconds(seconds)


def lines_below(row: Row, view: View, mark: str) -> list[str]:
    """What a running row shows of its inside: the training's curves, or the search's trials."""
    inside: list[str] = []
    if row.name == "Tune":
        inside = [show_lines(trial.line(mark)) for trial in view.trials]
    elif row.name == "Train":
        inside = draw_curves(view.epochs)
    return [" " * _BELOW + line for line in inside]


def settled_rows(view: View) -> list[Row]:
    """The rows that will not change any more: the finished ones before the first that still moves."""
    rows: list[Row] = []
    for row in view.rows:
        if row.status not in {"done", "failed"}:
            break
        rows.append(row)
    return rows
