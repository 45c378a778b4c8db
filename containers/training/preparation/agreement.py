"""Says whether two labels of the same picture mean the same: rows in any order, and numbers as two tools write them.

Pure; knows labels as they are handed on, see ``survey.write_rows``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

OVERLAP = 0.9
"""Intersection over union from which on two boxes are the same: a twentieth of a side on one side."""
MOVED = 0.05
"""Part of a box's width and height by which the points in it may differ, which moves a box as much as OVERLAP does."""

Array = npt.NDArray[Any]


def agree(one: bytes, other: bytes, task: str, keypoints: tuple[int, int] | None = None) -> bool:
    """Whether each object of one label is one of the other, of the same class and at nearly the same place.

    An outline is compared by the box around it, a turned box by its corners, a key point where it is labelled.
    """
    if one == other:
        return True
    if task == "classify":
        return sorted(one.split()) == sorted(other.split())
    left, right = _read(one), _read(other)
    classes = sorted(row[0] for row in left)
    if classes != sorted(row[0] for row in right):
        return False
    candidates = [[at for at, wanted in enumerate(right) if _same(row, wanted, task, keypoints)] for row in left]
    return _match(candidates)


def _read(label: bytes) -> list[Array]:
    return [np.array(line.split(), np.float64) for line in label.splitlines()]


def _same(one: Array, other: Array, task: str, keypoints: tuple[int, int] | None) -> bool:
    if one[0] != other[0]:
        return False
    first, second = _box(one[1:], task), _box(other[1:], task)
    if _overlap(first, second) <= OVERLAP:
        return False
    size = np.maximum(first[2:] - first[:2], second[2:] - second[:2])
    if task == "obb":
        return _same_corners(one[1:].reshape(-1, 2) / size, other[1:].reshape(-1, 2) / size)
    if keypoints:
        return _same_points(one[5:].reshape(keypoints), other[5:].reshape(keypoints), size)
    return True


def _box(numbers: Array, task: str) -> Array:
    """Left, top, right and bottom."""
    if task in ("detect", "pose"):
        return np.concatenate([numbers[:2] - numbers[2:4] / 2, numbers[:2] + numbers[2:4] / 2])
    points = numbers.reshape(-1, 2)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _overlap(one: Array, other: Array) -> float:
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    if (shared <= 0).any():
        return 0.0
    both = float(shared.prod())
    return both / float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - both)


def _same_corners(one: Array, other: Array) -> bool:
    """Whichever corner each begins with."""
    near = (np.abs(one[:, None] - other[None]) <= MOVED).all(axis=2)
    return bool(near.any(axis=0).all() and near.any(axis=1).all())


def _same_points(one: Array, other: Array, size: Array) -> bool:
    """Whether the same points are labelled, hidden or not, each at the same place."""
    seen, wanted = _labelled(one), _labelled(other)
    moved = np.abs(one[:, :2] - other[:, :2])[seen & wanted]
    return bool((seen == wanted).all() and (moved <= MOVED * size).all())


def _labelled(points: Array) -> Array:
    """Which points are there at all; without a third number one at 0, 0 is not."""
    return np.asarray(points[:, 2] > 0 if points.shape[1] > 2 else points.any(axis=1))


def _match(candidates: list[list[int]]) -> bool:
    """Whether everyone gets a candidate of their own (augmenting paths, H. W. Kuhn, 1955)."""
    owner: dict[int, int] = {}
    for start in range(len(candidates)):
        # Who wants what, and what was asked for on the way to it: the path is walked back once its end is free.
        came: dict[int, tuple[int, int | None]] = {}
        waiting: list[tuple[int, int | None]] = [(start, None)]
        free: int | None = None
        while waiting and free is None:
            who, through = waiting.pop()
            for at in candidates[who]:
                if at in came:
                    continue
                came[at] = (who, through)
                if at not in owner:
                    free = at
                    break
                waiting.append((owner[at], at))
        if free is None:
            return False
        while free is not None:
            who, before = came[free]
            owner[free], free = who, before
    return True
