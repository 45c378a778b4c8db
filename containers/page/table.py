"""Tables of the page: read by rows, scrolled by keyboard where they are wide, folded where they are long."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

OPEN_ROWS = 12
"""A longer table shows this many rows unless told otherwise; the others are unfolded by whoever wants them."""

Row = Sequence[str]
"""The cells of a row, HTML each; the first names the row."""


def table(label: str, head: Row, rows: Sequence[Row]) -> str:
    """A table with header cells for columns and rows; ``label`` says to a screen reader what it is, plain text."""
    columns = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>\n' for row in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">'
        f"<table>\n<thead><tr>{columns}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def folded(label: str, head: Row, rows: Sequence[Row], noun: str, most: int = OPEN_ROWS) -> str:
    """A table whose first ``most`` rows are open; ``noun`` names what the others are, in the plural."""
    shown = table(label, head, rows[:most])
    others = rows[most:]
    if not others:
        return shown
    rest = table(f"{label}, continued", head, others)
    return f"{shown}<details><summary>{len(others)} more {noun}</summary>\n{rest}</details>\n"
