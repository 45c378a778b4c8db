"""Objects as annotation tools draw them: what task each speaks of, the task of them all, and their rows.

Pure; knows no file. A tool draws boxes, turned boxes, outlines and points side by side, and a dataset is of one task:
the one that most objects speak of, or that somebody names. What says more than that task needs is made simpler and
counted; what says less is refused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflow.labels.geometry import Numbers, box_around, corners
from workflow.labels.pixel_labels import to_fractions
from workflow.labels.rows import Judge

ROUND = 64
"""Corners of the outline of a circle."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One object: the name of its class, and its ``numbers`` in pixels as a row of the task ``kind`` has them.

    ``kind`` is empty for what is no object of any task, ``drawn_as`` what the tool calls it. ``line`` is that in its
    file, 0 where lines do not tell. ``broken`` says what is wrong with it, empty where nothing is.
    """

    name: str
    kind: str
    numbers: Numbers
    drawn_as: str
    line: int = 0
    broken: str = ""


class Tally:
    """Counts what objects speak of."""

    def __init__(self) -> None:
        self._drawn: Counter[tuple[str, str]] = Counter()

    def count(self, shape: Shape) -> None:
        """One object; broken ones, and what is none, do not count."""
        if shape.kind and not shape.broken:
            self._drawn[shape.kind, shape.drawn_as] += 1

    def task(self) -> str:
        """Pose where any skeleton is drawn, else outlines or boxes, whichever are more; and of boxes likewise."""
        of = Counter[str]()
        for (kind, _), number in self._drawn.items():
            of[kind] += number
        if of["pose"]:
            return "pose"
        if of["segment"] > of["detect"] + of["obb"]:
            return "segment"
        return "obb" if of["obb"] > of["detect"] else "detect"

    def tell_mixed(self, task: str) -> str:
        """What to say where objects are of no use to the task that was taken for them all, else nothing."""
        others = {key: number for key, number in self._drawn.items() if not _fits(key[0], task)}
        if not others:
            return ""
        fitting = {key: number for key, number in self._drawn.items() if key not in others}
        shown = [f"{number:,} drawn as {drawn_as}" for (_, drawn_as), number in (*fitting.items(), *others.items())]
        return (
            f"one set is of one task, and here are {' and '.join(shown)}: read for {task}, which the others do not tell"
            " enough for; draw them alike, or say task=detect, which takes the box around each"
        )


def take_shape(
    judge: Judge, shape: Shape, numbers: Mapping[str, int], task: str, size: tuple[int, int], where: str = ""
) -> None:
    """Judge one object of an image of ``size`` in pixels; ``numbers`` are those of the classes by their names.

    ``where`` begins what is said of it, where its file and line do not tell the image.
    """
    what = f"{where}{shape.name or 'an object'} ({shape.drawn_as}): "
    if shape.broken:
        judge.report("malformed-row", what + shape.broken, shape.line)
    elif not shape.kind:
        judge.report("wrong-task", f"{what}cannot be read as an object: draw a box or an outline", shape.line)
    elif not all(map(math.isfinite, shape.numbers)):
        judge.report("not-a-number", f"{what}coordinates must be finite numbers", shape.line)
    elif shape.name not in numbers:
        judge.report("unknown-class", f"{what}{shape.name!r} is not among the classes", shape.line)
    else:
        row = _make_row(judge, shape, what, task, size)
        if row is not None:
            judge.take(numbers[shape.name], row, shape.line, what)


def ellipse(x: float, y: float, across: float, down: float) -> Numbers:
    """The outline of an ellipse by its centre and its two radii."""
    angles = [math.tau * at / ROUND for at in range(ROUND)]
    return tuple(value for angle in angles for value in (x + across * math.cos(angle), y + down * math.sin(angle)))


def turn(points: Sequence[float], degrees: float, x: float, y: float) -> Numbers:
    """Points turned clockwise about one, in a picture whose y grows downwards."""
    sine, cosine = math.sin(math.radians(degrees % 360)), math.cos(math.radians(degrees % 360))
    pairs = zip(points[0::2], points[1::2], strict=True)
    turned = [(x + (a - x) * cosine - (b - y) * sine, y + (a - x) * sine + (b - y) * cosine) for a, b in pairs]
    return tuple(value for point in turned for value in point)


def keypoints_row(points: Sequence[tuple[float, float, int]]) -> Numbers:
    """A row of pose: the box around the key points that are labelled, and all of them; one of visibility 0 is not."""
    seen = [value for x, y, visible in points if visible for value in (x, y)]
    box = box_around(seen) if seen else (0.0, 0.0, 0.0, 0.0)
    return (*box, *(value for point in points for value in point))


def _make_row(judge: Judge, shape: Shape, what: str, task: str, size: tuple[int, int]) -> Numbers | None:
    """The numbers of a row in fractions of the image: those of its own task, but for what no row of it tells."""
    row = _scale(shape, size)
    if shape.kind == "detect" and task == "obb":
        return corners(row)  # a box that nobody turned
    # As many numbers do not make a box with its key points an outline, nor four turned corners, nor the reverse.
    if shape.kind == "pose" and task == "detect":
        return corners(row[:4])  # which the judge takes for more than a box, and says so
    mended = row if (shape.kind, task) == ("obb", "segment") else None
    if mended or (shape.kind == "pose") != (task == "pose"):
        return judge.report("wrong-task", f"{what}no object of the task {task}", shape.line, mended=mended)
    return row


def _scale(shape: Shape, size: tuple[int, int]) -> Numbers:
    width, height = size
    if shape.kind != "pose":
        return to_fractions(shape.numbers, width, height)
    box, points = shape.numbers[:4], shape.numbers[4:]
    return (*to_fractions(box, width, height), *(value / (width, height, 1)[at % 3] for at, value in enumerate(points)))


def _fits(kind: str, task: str) -> bool:
    """Whether an object tells all that a task needs: more is made simpler, and a box is turned by nothing."""
    return kind == task or task == "detect" or (task == "obb" and kind != "pose")
