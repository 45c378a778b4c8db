"""Lays rows of text out in columns for a terminal. A cell is one line, whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.contract.plain_text import show_plain
from workflow.terminal import width_of, wrap


def format_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows below their head, each column as wide as its widest cell; the last column is not padded."""
    cells = [[show_plain(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(width_of(row[at]) for row in cells) for at in range(len(head))]
    lines = ["  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - width_of(cell))


def fit_table(head: Sequence[str], rows: Sequence[Sequence[object]], width: int | None) -> str:
    """The same in so many columns of a terminal: what a line has no room for stands below it, each by its name.

    >>> print(fit_table(("RUN", "STATUS", "WHY"), [("run-1", "failed", "too few images")], 20))
    RUN    STATUS
    run-1  failed
      why too few images
    """
    whole = format_table(head, rows)
    if width is None or _fits(whole, width):
        return whole
    kept = len(head) - 1
    while kept > 1 and not _fits(format_table(head[:kept], [row[:kept] for row in rows]), width):
        kept -= 1
    first, *beside = format_table(head[:kept], [row[:kept] for row in rows]).split("\n")
    lines = [first]
    for line, row in zip(beside, rows, strict=True):
        rest = zip(head[kept:], (show_plain(str(cell)) for cell in row[kept:]), strict=True)
        below = " · ".join(f"{name.lower()} {cell}".strip() for name, cell in rest if cell)
        lines += [line, *(wrap(f"  {below}", width, 2) if below else [])]
    return "\n".join(lines)


def _fits(table: str, width: int) -> bool:
    return all(width_of(line) <= width for line in table.split("\n"))


def format_seconds(seconds: float) -> str:
    """A length of time as people read it: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def shorten(text: str, longest: int = 90) -> str:
    """The text, cut with an ellipsis where it is too long for a table."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
