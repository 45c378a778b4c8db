"""Boxes and outlines in numbers: their area, the box around, clipping to the image, and joining the parts of one.

Pure. Coordinates are fractions of the image or pixels alike, except where clipping makes them fractions; points are
flat, ``x1 y1 x2 y2 …``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

Numbers = tuple[float, ...]


def area(points: Sequence[float]) -> float:
    """The area inside an outline, by the shoelace formula."""
    xs, ys = points[0::2], points[1::2]
    return abs(sum(xs[at - 1] * ys[at] - xs[at] * ys[at - 1] for at in range(len(xs)))) / 2


def box_around(points: Sequence[float]) -> Numbers:
    """Centre, width and height of the box around some points."""
    xs, ys = points[0::2], points[1::2]
    return box_between(min(xs), min(ys), max(xs), max(ys))


def box_between(left: float, top: float, right: float, bottom: float) -> Numbers:
    """Centre, width and height of a box given by its edges."""
    return ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def edges(box: Sequence[float]) -> Numbers:
    """Left, top, right and bottom edge of a box given by centre, width and height."""
    x, y, width, height = box
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def corners(box: Sequence[float]) -> Numbers:
    """The four corners of a box given by centre, width and height, clockwise from the upper left."""
    left, top, right, bottom = edges(box)
    return (left, top, right, top, right, bottom, left, bottom)


def clip_box(box: Sequence[float]) -> Numbers:
    """The part of a box that lies in the image; of no or negative size where none does."""
    left, top, right, bottom = edges(box)
    return box_between(max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0))


def clip_points(points: Sequence[float], each: int) -> Numbers:
    """Points moved to the nearest place in the image; ``each`` has 2 numbers, or 3 with its visibility."""
    return tuple(
        value if at % each == 2 else 0.0 if value < 0 else 1.0 if value > 1 else value
        for at, value in enumerate(points)
    )


def smallest_rectangle(points: Sequence[float], width: float, height: float) -> Numbers:
    """The four corners of the smallest rectangle around some points, turned as it may be.

    ``points`` are fractions of a picture of ``width`` by ``height`` pixels: it is in pixels that corners are right.
    """
    places = zip(points[0::2], points[1::2], strict=True)
    hull = _find_hull([(x * width, y * height) for x, y in places])
    upright = box_around(points)
    best, smallest = corners(upright), upright[2] * width * upright[3] * height
    for (x, y), (ahead, below) in pairwise([*hull, hull[0]]):
        length = math.hypot(ahead - x, below - y)
        if not 0 < length < math.inf:
            continue
        cos, sin = (ahead - x) / length, (below - y) / length
        along = [px * cos + py * sin for px, py in hull]
        across = [py * cos - px * sin for px, py in hull]
        left, right, top, bottom = min(along), max(along), min(across), max(across)
        # One of an equal size that stands upright, or that was found before, is as good.
        if (right - left) * (bottom - top) < smallest * (1 - 1e-9):
            smallest = (right - left) * (bottom - top)
            turned = ((left, top), (right, top), (right, bottom), (left, bottom))
            best = tuple(v for a, b in turned for v in ((a * cos - b * sin) / width, (a * sin + b * cos) / height))
    return best


def _find_hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the convex hull, by Andrew's monotone chain."""
    ordered = sorted(set(points))
    hull: list[tuple[float, float]] = []
    for chain in (ordered, ordered[::-1]):
        side: list[tuple[float, float]] = []
        for x, y in chain:
            while len(side) > 1 and _cross(side[-2], side[-1], (x, y)) <= 0:
                side.pop()
            side.append((x, y))
        hull += side[:-1]
    return hull or ordered


def _cross(start: tuple[float, float], via: tuple[float, float], end: tuple[float, float]) -> float:
    return (via[0] - start[0]) * (end[1] - start[1]) - (via[1] - start[1]) * (end[0] - start[0])


def is_box_with_points(numbers: Sequence[float]) -> bool:
    """Whether a row is a box in the image with keypoints in it, each with its visibility, and not an outline.

    Numbers of an outline that are 0 or 1 lie on the image's edge, and no box around its first corner does then.
    """
    points, seen = numbers[4:], numbers[6::3]
    if len(points) % 3 or not set(seen) <= {0.0, 1.0, 2.0} or not any(seen) or min(numbers[2:4]) <= 0:
        return False
    left, top, right, bottom = edges(numbers[:4])
    xs, ys = ([value for value, visible in zip(points[at::3], seen, strict=True) if visible] for at in (0, 1))
    return 0 <= left <= min(xs) <= max(xs) <= right <= 1 and 0 <= top <= min(ys) <= max(ys) <= bottom <= 1


def join_outlines(parts: Sequence[Sequence[float]]) -> Numbers:
    """One outline of several parts, each tied to the next where they are closest by a bridge of no width.

    The way of ``ultralytics.data.converter.merge_multi_segment``: forward through the parts along one side of each,
    and back along the other, but without turning any part round, so that the area is the sum of theirs.
    """
    if len(parts) == 1:
        return tuple(parts[0])
    rings = [list(zip(part[0::2], part[1::2], strict=True)) for part in parts]
    ties = [_find_closest(one, other) for one, other in pairwise(rings)]
    there: list[tuple[float, float]] = []
    back: list[tuple[float, float]] = []
    for at, ring in enumerate(rings):
        enters = ties[at - 1][1] if at else ties[0][0]
        turned = ring[enters:] + ring[: enters + 1]
        if 0 < at < len(ties):
            leaves = (ties[at][0] - enters) % len(ring)
            there += turned[: leaves + 1]
            back = turned[leaves:] + back
        else:
            there += turned
    return tuple(value for point in there + back for value in point)


def _find_closest(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> tuple[int, int]:
    """Which corners of two rings are closest, the first of them where several are.

    Outlines of masks have thousands of corners: the others are looked at from left to right, and only as far to either
    side as the closest so far.
    """
    order = sorted(range(len(other)), key=lambda to: other[to][0])
    xs = [other[to][0] for to in order]
    nearest = (math.inf, 0, 0)
    for at, (x, y) in enumerate(one):
        found = nearest
        middle = bisect_left(xs, x)
        for side in (range(middle, len(xs)), range(middle - 1, -1, -1)):
            for place in side:
                across, to = (xs[place] - x) * (xs[place] - x), order[place]
                if across > found[0]:
                    break
                down = other[to][1] - y
                distance = across + down * down
                if distance < found[0] or (distance == found[0] and found[1] == at and to < found[2]):
                    found = (distance, at, to)
        nearest = found
    return nearest[1], nearest[2]
