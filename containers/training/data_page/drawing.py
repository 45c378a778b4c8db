"""A picture with outlines drawn on it, as SVG: where its labels lie, and the object that a finding is about.

Pure: numbers of labels in, HTML out. What leaves the picture is drawn beyond its edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from containers.training.data_page.words import shown
from workflow.labels.geometry import corners

LONG = 320.0
"""The longer side of a drawn picture, in units of the drawing."""
BEYOND = 0.5
"""How much of what leaves a picture is shown, as a part of that side of it."""
TINY, THIN = 10.0, 2.0
"""An outline shorter or narrower than these, in units of the drawing, gets a ring around it."""
CORNERS = 200
"""Corners of an outline that are drawn."""
NAMED = 12
"""A picture with more objects than this names none of them."""
NAME = 24
"""Letters of a name that are written."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """One object: outline and key points as fractions of the picture, and its name; ``wrong`` is in question."""

    outline: tuple[Point, ...]
    dots: tuple[Point, ...] = ()
    name: str = ""
    wrong: bool = False


def shape_of(
    numbers: Sequence[float], keypoints: tuple[int, int] | None, name: str = "", *, wrong: bool = False
) -> Shape | None:
    """The shape of a label's numbers, whatever task they are of; None where they are none or not finite."""
    if len(numbers) < 4 or not all(map(math.isfinite, numbers)):
        return None
    if keypoints and len(numbers) == 4 + keypoints[0] * keypoints[1]:
        points = [tuple(numbers[at : at + keypoints[1]]) for at in range(4, len(numbers), keypoints[1])]
        dots = tuple((x, y) for x, y, *seen in points if (seen[0] > 0 if seen else x or y))
        return Shape(_pairs(corners(numbers[:4])), dots, name, wrong)
    if len(numbers) == 4:
        return Shape(_pairs(corners(numbers)), (), name, wrong)
    if len(numbers) % 2 or len(numbers) < 6:
        return None
    pairs = _pairs(numbers)
    return Shape(pairs[:: -(-len(pairs) // CORNERS)], (), name, wrong)


def draw(address: str, size: tuple[int, int], shapes: Sequence[Shape], said: str) -> str:
    """The picture at ``address``, of this size in any unit, with shapes on it; ``said`` tells what is to be seen."""
    scale = LONG / max(size)
    width, height = max(size[0] * scale, 1.0), max(size[1] * scale, 1.0)
    wrong = [shape for shape in shapes if shape.wrong]
    left, right = _frame([x for shape in wrong for x, _ in shape.outline], width)
    top, bottom = _frame([y for shape in wrong for _, y in shape.outline], height)
    drawn = "".join(_draw(shape, width, height) for shape in shapes)
    names = "".join(_name(shape, width, height) for shape in shapes if shape.name) if len(shapes) <= NAMED else ""
    return (
        f'<svg class="drawn" role="img" aria-label="{escape(said)}" '
        f'viewBox="{left:.1f} {top:.1f} {right - left:.1f} {bottom - top:.1f}">'
        f'<image href="{address}" width="{width:.1f}" height="{height:.1f}" preserveAspectRatio="none"/>'
        f"{drawn}{names}</svg>"
    )


def lies_beyond(shape: Shape) -> bool:
    """Whether nothing of a shape is to be seen even beyond the picture's edges."""
    xs, ys = [x for x, _ in shape.outline], [y for _, y in shape.outline]
    return any(max(one) < -BEYOND or min(one) > 1 + BEYOND for one in (xs, ys))


def _pairs(points: Sequence[float]) -> tuple[Point, ...]:
    return tuple(zip(points[0::2], points[1::2], strict=True))


def _frame(places: Sequence[float], side: float) -> tuple[float, float]:
    """From where to where a drawing goes, so that what leaves the picture is seen."""
    low, high = min(places, default=0.0), max(places, default=1.0)
    before = min(max(-low, 0.0), BEYOND) * side
    after = min(max(high - 1, 0.0), BEYOND) * side
    gap = 8.0
    return (-before - gap if before else 0.0), (side + after + gap if after else side)


def _draw(shape: Shape, width: float, height: float) -> str:
    points = [(_near(x) * width, _near(y) * height) for x, y in shape.outline]
    parts = [f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>']
    parts += [f'<circle cx="{_near(x) * width:.1f}" cy="{_near(y) * height:.1f}" r="3"/>' for x, y in shape.dots]
    if not shape.wrong:
        return f'<g class="right">{"".join(parts)}</g>'
    xs, ys = [x for x, _ in points], [y for _, y in points]
    short, long = sorted((max(xs) - min(xs), max(ys) - min(ys)))
    if short < THIN or long < TINY:
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        parts.append(f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="{long / 2 + TINY:.0f}"/>')
    # Light below and dashes above it are seen on a picture of any colour.
    return "".join(f'<g class="{kind}">{"".join(parts)}</g>' for kind in ("under", "wrong"))


def _near(place: float) -> float:
    """A place that is not so far away that a browser's own numbers end."""
    return min(max(place, -9.0), 10.0)


def _name(shape: Shape, width: float, height: float) -> str:
    x, y = min(shape.outline, key=lambda point: (point[1], point[0]))
    name = shape.name if len(shape.name) <= NAME else f"{shape.name[: NAME - 1]}…"
    end = ' text-anchor="end"' if x > 0.7 else ""
    across, down = min(max(x, 0.0), 1.0) * width, min(max(y * height - 4, 12.0), height - 4)
    return f'<text x="{across:.1f}" y="{down:.1f}"{end}>{shown(name)}</text>'
