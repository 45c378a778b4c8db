"""Line charts as SVG, sharp at any width, their lines told apart by dashes too. Knows nothing of what they show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LEFT, RIGHT, TOP, BOTTOM, MARK = 40, 10, 10, 34, 15
"""Room around the lines for the names of the ticks, and above them for each mark, in units of the drawing."""

Points = Sequence[tuple[float, float]]
"""Values of x and y along a line."""


@dataclass(frozen=True)
class Axis:
    """From ``low`` to ``high``, with a name and a line at each of ``ticks``: its value and its text."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    name: str

    def place(self, value: float) -> float:
        """Where a value lies, as a fraction of the axis."""
        return (value - self.low) / ((self.high - self.low) or 1)


@dataclass(frozen=True)
class Line:
    """Points joined by a line; ``kind`` is its class in the style sheet."""

    points: Points
    kind: str


@dataclass(frozen=True)
class Mark:
    """Something that happened at ``x``, as a line over the whole height with a name."""

    x: float
    name: str


@dataclass(frozen=True)
class Chart:
    """Lines over two axes, ``width`` by ``height`` units; ``dots`` are single points that matter.

    ``label`` says in words what is seen, for somebody who does not see it.
    """

    label: str
    width: int
    height: int
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    dots: Points = ()

    def svg(self) -> str:
        """The drawing; its style comes from the page."""
        return (
            f'<svg class="chart" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{escape(self.label)}">{self._grid()}{self._marks()}'
            f"{''.join(self._line(line) for line in self.lines)}{self._dots()}</svg>\n"
        )

    def _at(self, x: float, y: float) -> tuple[float, float]:
        across, up = self.x.place(x), self.y.place(y)
        bottom = self.height - BOTTOM
        return LEFT + across * (self.width - LEFT - RIGHT), bottom - up * (bottom - self._top)

    @property
    def _top(self) -> int:
        """Marks are named above the lines, each in a row of its own, so that no two names meet."""
        return TOP + MARK * len(self.marks)

    def _grid(self) -> str:
        bottom, right = self.height - BOTTOM, self.width - RIGHT
        parts = []
        for value, text in self.y.ticks:
            y = self._at(self.x.low, value)[1]
            parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>')
        for value, text in self.x.ticks:
            x = self._at(value, self.y.low)[0]
            anchor = "end" if value == self.x.high else "start" if value == self.x.low else "middle"
            parts.append(f'<path class="grid" d="M{x:.1f} {self._top}V{bottom}"/>')
            parts.append(f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="{anchor}">{escape(text)}</text>')
        middle = (LEFT + right) / 2
        parts.append(f'<text x="{middle:.1f}" y="{self.height - 5}" text-anchor="middle">{escape(self.x.name)}</text>')
        return "".join(parts)

    def _line(self, line: Line) -> str:
        places = [self._at(x, y) for x, y in line.points]
        return f'<path class="{line.kind}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>' if places else ""

    def _marks(self) -> str:
        parts = []
        for row, mark in enumerate(self.marks):
            x, y = self._at(mark.x, self.y.low)[0], TOP + MARK * row
            anchor, aside = ("end", x - 4) if self.x.place(mark.x) > 0.6 else ("start", x + 4)
            parts.append(
                f'<path class="mark" d="M{x:.1f} {y}V{self.height - BOTTOM}"/>'
                f'<text x="{aside:.1f}" y="{y + 10}" text-anchor="{anchor}">{escape(mark.name)}</text>'
            )
        return "".join(parts)

    def _dots(self) -> str:
        places = [self._at(x, y) for x, y in self.dots]
        return "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>' for x, y in places)


def upwards(highest: float) -> Axis:
    """An axis without a name from 0 to a round number that is not below ``highest``, with a tick in its middle."""
    if highest <= 0:
        highest = 1
    power = 10.0 ** math.floor(math.log10(highest))
    top = next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= highest * 0.9999)
    return Axis(0, top, tuple((value, f"{value:.4g}") for value in (0.0, top / 2, top)), "")
