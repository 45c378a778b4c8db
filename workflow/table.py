"""Lays rows of text out in columns for a terminal. A cell is one line, whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.contract.plain_text import show_plain


def format_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows below their head, each column as wide as its widest cell; the last column is not padded."""
    cells = [[show_plain(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


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
