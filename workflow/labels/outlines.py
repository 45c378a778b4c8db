"""The outline of a mask in COCO's run lengths, exactly along the edges of its pixels.

No library does this without drawing the mask first, and none of those is on a person's machine that only looks at a
dataset. The area inside an outline is the number of its pixels, which drawing programs that go through their middles
lose half a pixel of on every side. Holes are left out: a row of YOLO has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from workflow.contract.model import MAXIMUM_PIXELS

Point = tuple[int, int]


def mask_outlines(mask: Mapping[str, Any]) -> list[list[float]]:
    """The outlines of a mask's parts in pixels, flat, largest first. Raises ValueError for one that is no mask.

    ``counts`` are lengths of runs down the columns, background first, as numbers or in COCO's compressed text.
    """
    size, counts = mask.get("size"), mask.get("counts")
    if not (isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)):
        raise ValueError(f"a mask's size must be [height, width], found {size!r}")
    height, width = size
    if height * width > MAXIMUM_PIXELS:
        raise ValueError(f"a mask of {width}x{height} pixels: more than {MAXIMUM_PIXELS:,}")
    runs = decompress(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or any(type(run) is not int or run < 0 for run in runs):
        raise ValueError("a mask's counts must be a list of whole numbers or a compressed text")
    if sum(runs) != height * width:
        raise ValueError(f"a mask's counts come to {sum(runs)}, its size to {height * width}")
    loops = [loop for loop in _walk_edges(_split_columns(runs, height)) if _signed_area(loop) > 0]
    loops.sort(key=_signed_area, reverse=True)
    return [[float(value) for point in loop for value in point] for loop in loops]


def decompress(text: str) -> list[int]:
    """The run lengths of COCO's compressed text (``rleFrString`` of cocoapi's maskApi.c).

    Five bits a character and the sign in the last; from the fourth on, each is the difference to the one before last.
    """
    runs: list[int] = []
    value = shift = 0
    for letter in text.encode():
        bits = letter - 48
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError("a mask's compressed counts hold a character that cannot be one")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs


def _split_columns(runs: Sequence[int], height: int) -> Iterator[tuple[int, list[Point]]]:
    """Each column that holds part of the mask, with the spans of rows that it covers."""
    column, spans, at = 0, list[Point](), 0
    for number, run in enumerate(runs):
        start, at = at, at + run
        if number % 2 == 0:
            continue
        while start < at:
            if start // height != column:
                if spans:
                    yield column, spans
                column, spans = start // height, []
            end = min(at, (column + 1) * height)
            top, bottom = start - column * height, end - column * height
            if spans and spans[-1][1] == top:
                spans[-1] = (spans[-1][0], bottom)
            else:
                spans.append((top, bottom))
            start = end
    if spans:
        yield column, spans


def _walk_edges(columns: Iterator[tuple[int, list[Point]]]) -> Iterator[list[Point]]:
    """Closed ways along the edges with the mask on their right (y grows downwards): parts clockwise, holes against."""
    steps: dict[Point, list[Point]] = {}
    last, before = -1, list[Point]()
    for column, spans in columns:
        if column != last + 1 and before:
            _add_upright(steps, last + 1, before, [])
            before = []
        _add_upright(steps, column, before, spans)
        for top, bottom in spans:
            steps.setdefault((column, top), []).append((column + 1, top))
            steps.setdefault((column + 1, bottom), []).append((column, bottom))
        last, before = column, spans
    _add_upright(steps, last + 1, before, [])
    while steps:
        yield _close_loop(steps)


def _add_upright(steps: dict[Point, list[Point]], x: int, left: Sequence[Point], right: Sequence[Point]) -> None:
    """The upright edges between two columns: where exactly one of them holds the mask."""
    marks: dict[int, int] = {}
    for spans, sign in ((right, 1), (left, -1)):
        for top, bottom in spans:
            marks[top] = marks.get(top, 0) + sign
            marks[bottom] = marks.get(bottom, 0) - sign
    inside = 0
    for top, bottom in pairwise(sorted(marks)):
        inside += marks[top]
        if inside > 0:
            steps.setdefault((x, bottom), []).append((x, top))
        elif inside < 0:
            steps.setdefault((x, top), []).append((x, bottom))


def _close_loop(steps: dict[Point, list[Point]]) -> list[Point]:
    start = came = here = next(iter(steps))
    loop: list[Point] = []
    while here != start or not loop:
        ahead = steps[here]
        # Where two parts touch in a corner, turning right keeps each a part of its own.
        following = ahead[0]
        if len(ahead) > 1 and _turn(came, here, ahead[1]) > _turn(came, here, ahead[0]):
            following = ahead[1]
        ahead.remove(following)
        if not ahead:
            del steps[here]
        if not loop or _turn(came, here, following):
            loop.append(here)
        came, here = here, following
    return loop


def _turn(came: Point, here: Point, to: Point) -> int:
    """Positive for a turn to the right, 0 for straight on."""
    return (here[0] - came[0]) * (to[1] - here[1]) - (here[1] - came[1]) * (to[0] - here[0])


def _signed_area(loop: Sequence[Point]) -> float:
    return sum(loop[at - 1][0] * loop[at][1] - loop[at][0] * loop[at - 1][1] for at in range(len(loop))) / 2
