"""Judges one YOLO label line, so that a slip is shown with its file and line before anything is uploaded.

A first look only: the preparation job judges the same lines again, with the images beside them.
Knows no folder and no image.
"""

from __future__ import annotations

import math

TOLERANCE = 1e-6
"""How far, in fractions of the image, a box may overhang: what six decimals lose."""


def problem_of(line: str, classes: int) -> str:
    """What is wrong with one label line ``class x y width height`` (fractions of the image), or an empty text."""
    columns = line.split()
    if len(columns) != 5:
        kind = " (a polygon or keypoints?)" if len(columns) > 6 else ""
        return f"{len(columns)} columns{kind}; a box has 5: class x y width height"
    values = []
    for column in columns:
        value = _number(column)
        if value is None:
            return f"{column!r} is not a finite number"
        values.append(value)
    if values[0] != int(values[0]):
        return f"class {columns[0]} is not a whole number"
    if not 0 <= values[0] < classes:
        return f"class {columns[0]} is unknown; data.yaml names {classes}, counted from 0"
    return _box_problem(*values[1:])


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _box_problem(x: float, y: float, width: float, height: float) -> str:
    if width <= 0 or height <= 0:
        return f"a box of no area: width {width:g}, height {height:g}"
    edges = {"left": x - width / 2, "top": y - height / 2, "right": x + width / 2, "bottom": y + height / 2}
    outside = [f"{name} {at:.6g}" for name, at in edges.items() if not -TOLERANCE <= at <= 1 + TOLERANCE]
    return f"the box leaves the image: {', '.join(outside)}" if outside else ""
