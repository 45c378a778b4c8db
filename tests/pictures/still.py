"""Draws what a terminal shows as an SVG: letters and their colours, on a dark ground. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

import pyte

WIDE, HIGH, EDGE, BAR = 8.4, 18, 16, 30
"""Pixels of a letter's cell, of the margin, and of the bar above."""

GROUND, INK = "#14181d", "#d7dde3"
LETTERS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
COLOURS = {
    "black": "#3b444d",
    "red": "#ff7b72",
    "green": "#6fd596",
    "brown": "#f2c063",
    "blue": "#79b8ff",
    "magenta": "#d2a8ff",
    "cyan": "#67d3e4",
    "white": "#ffffff",
}
"""The eight colours by pyte's names; any other is the ink."""

NO_BREAK = "\N{NO-BREAK SPACE}"
"""A blank that is drawn however many there are."""

Cell = pyte.screens.Char


def draw(rows: Sequence[Sequence[Cell]], title: str) -> str:
    """The rows of a screen as an SVG, each a sequence of as many cells as the terminal is wide."""
    width = 2 * EDGE + WIDE * max(len(row) for row in rows)
    height = 2 * EDGE + BAR + HIGH * len(rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" '
        f'aria-label="{escape(title)}">',
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="{GROUND}"/>',
        *(f'<circle cx="{EDGE + 18 * at}" cy="{BAR / 2 + 2}" r="5" fill="#3b444d"/>' for at in range(3)),
        f'<text x="{width / 2:.0f}" y="{BAR / 2 + 6}" fill="#8b96a1" text-anchor="middle" '
        f'font-family="system-ui, sans-serif" font-size="12">{escape(title)}</text>',
        f'<g font-family="{LETTERS}" font-size="14">',
    ]
    for number, row in enumerate(rows):
        lines += _row(row, EDGE + BAR + HIGH * (number + 0.72))
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _row(row: Sequence[Cell], y: float) -> list[str]:
    """One text for each stretch of letters that look alike; blanks alone are left out."""
    found, at = [], 0
    for (colour, bold), cells in groupby(row, key=lambda cell: (cell.fg, cell.bold)):
        text = "".join(cell.data for cell in cells)
        shown = text.strip()
        if shown:
            weight = ' font-weight="700"' if bold else ""
            left = EDGE + WIDE * (at + len(text) - len(text.lstrip()))
            # The width is told, so that columns stand below one another whatever font there is.
            found.append(
                f'<text x="{left:.1f}" y="{y:.1f}" textLength="{WIDE * len(shown):.1f}" '
                f'fill="{COLOURS.get(colour, INK)}"{weight}>{escape(shown.replace(" ", NO_BREAK))}</text>'
            )
        at += len(text)
    return found
