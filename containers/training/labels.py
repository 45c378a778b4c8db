"""Reads one YOLO label file: what a row must say, and what is wrong with the rows that do not.

Pure: text in, boxes and problems out. Knows no files, no images and no dataset.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLERANCE = 1e-6
"""How far an edge may lie outside the image: what six decimals lose."""


@dataclass(frozen=True)
class Box:
    """One labelled object: class number, centre and size as fractions of the image."""

    class_id: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Problem:
    """What is wrong (or odd) in one line, counted from 1."""

    line: int
    message: str
    severity: str = "error"


def read_labels(text: str, classes: int) -> tuple[list[Box], list[Problem]]:
    """The boxes of a label file and its problems; a row with a problem gives no box. Empty lines are skipped."""
    boxes: list[Box] = []
    problems: list[Problem] = []
    for line, row in enumerate(text.splitlines(), start=1):
        columns = row.split()
        if not columns:
            continue
        read = _row(columns, classes)
        if isinstance(read, str):
            problems.append(Problem(line, read))
        elif read in boxes:
            problems.append(Problem(line, "the same box once more", "warning"))
        else:
            boxes.append(read)
    return boxes, problems


def _row(columns: list[str], classes: int) -> Box | str:
    if len(columns) != 5:
        kind = " (a polygon or keypoints?)" if len(columns) > 6 else ""
        return f"{len(columns)} columns{kind}; a box has 5: class x y width height"
    numbers = [_number(column) for column in columns]
    for column, number in zip(columns, numbers, strict=True):
        if number is None:
            return f"{column!r} is not a finite number"
    class_id, x, y, width, height = (number for number in numbers if number is not None)
    if class_id != int(class_id):
        return f"class {columns[0]} is not a whole number"
    if not 0 <= class_id < classes:
        return f"class {columns[0]} is unknown; data.yaml names {classes}, counted from 0"
    if width <= 0 or height <= 0:
        return f"a box of no area: width {columns[3]}, height {columns[4]}"
    if outside := _outside(x, y, width, height):
        return f"the box leaves the image: {outside}"
    return Box(int(class_id), x, y, width, height)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _outside(x: float, y: float, width: float, height: float) -> str:
    edges = {"left": x - width / 2, "top": y - height / 2, "right": x + width / 2, "bottom": y + height / 2}
    parts = [f"{name} {at:.6g}" for name, at in edges.items() if not -TOLERANCE <= at <= 1 + TOLERANCE]
    return ", ".join(parts)
