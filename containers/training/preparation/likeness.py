"""Looks twice at two pictures that may be copies of each other: their thumbnails side by side, place by place.

Pure. Pictures of one scene, with the same table or the same dark water in all of them, have equal hashes; what tells
them apart is small. So it is the greatest local difference that counts and not the mean, after all was taken away that
a copy may differ in: light, contrast, and up to 3 % cut off at each edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from containers.training.preparation.look import EDGE

CROPPED = 0.035
"""The part of a side that may be cut off at each of its ends."""
LEVELS = 4.0
"""Grey levels, of 255, by which 3 x 3 cells of the thumbnails of two copies may differ in the mean."""
STEPS = 0.4
"""What may be added to that where the picture is not plain: this part of the levels from one cell to the next, for
what is left of a cut edge, or of another size's sharpness. Both are measured, in tests/bench/likeness."""

_ROOM_LEVELS, _ROOM_STEPS = 16.0, 0.5
_HOPELESS = 3.0
"""How many times too different pictures are that are so the other way round as well."""
_SAME = 3
"""Levels by which each cell may differ where nothing need be aligned."""
_STRETCHED = -0.01
_ROUNDS = 2
_BATCH = 64
"""Pairs that are compared at one time: bounds the memory."""
_BLOCK = 3
_CONTRAST = (0.5, 2.0)
_DARK, _BRIGHT = 3, 250
"""Levels from which on a cell says little about the light: what is brighter was cut to it."""
_LITTLE = 0.05
_LEAST = 1e-3
_STIFF = 1e6
"""How much speaks for an edge that was not cut: as much as a picture says of it with two levels from cell to cell."""

Array = npt.NDArray[Any]
_MIDDLES = (np.arange(EDGE) + 0.5) / EDGE


def alike(left: Array, right: Array) -> Array:
    """For each pair of thumbnails [n, 32, 32] whether one shows what the other does, or all but the edges of it."""
    found = np.zeros(len(left), np.bool_)
    for start in range(0, len(left), _BATCH):
        part = slice(start, start + _BATCH)
        found[part] = _alike(left[part], right[part])
    return found


def _alike(left: Array, right: Array) -> Array:
    same = np.asarray((np.maximum(left, right) - np.minimum(left, right)).max(axis=(1, 2)) <= _SAME)
    open_ = np.flatnonzero(~same)
    open_ = open_[_may_be_cut(left[open_], right[open_]) | _may_be_cut(right[open_], left[open_])]
    for whole, cut in ((left, right), (right, left)):
        if not len(open_):
            break
        differ = _difference(whole[open_].astype(np.float64), cut[open_].astype(np.float64))
        same[open_] = differ < 1
        open_ = open_[(differ >= 1) & (differ < _HOPELESS)]
    return same


def _may_be_cut(whole: Array, cut: Array) -> Array:
    """Whether each cell of ``cut`` is between the darkest and brightest cells about it in ``whole``: a quick look.

    At most a cell is cut off, so that nothing is further than a cell from where it was.
    """
    low, high = _around(whole, np.minimum), _around(whole, np.maximum)
    low, high, seen = low.astype(np.float32), high.astype(np.float32), cut.astype(np.float32)
    contrast = whole.std(axis=(1, 2), dtype=np.float32) / np.maximum(seen.std(axis=(1, 2)), 1)
    light = whole.mean(axis=(1, 2), dtype=np.float32) - contrast * seen.mean(axis=(1, 2))
    seen = seen * contrast[:, None, None] + light[:, None, None]
    outside = np.maximum(seen - high, low - seen) - _ROOM_STEPS * (high - low)
    return np.asarray(outside.max(axis=(1, 2)) < _ROOM_LEVELS)


def _around(cells: Array, choose: np.ufunc) -> Array:
    """The darkest or brightest of each cell and its eight neighbours."""
    rows = cells.copy()
    rows[:, 1:] = choose(rows[:, 1:], cells[:, :-1])
    rows[:, :-1] = choose(rows[:, :-1], cells[:, 1:])
    found = rows.copy()
    found[:, :, 1:] = choose(found[:, :, 1:], rows[:, :, :-1])
    found[:, :, :-1] = choose(found[:, :, :-1], rows[:, :, 1:])
    return found


def _difference(whole: Array, cut: Array) -> Array:
    """How far ``cut`` is from ``whole`` in its own light, with at most CROPPED of each side cut off.

    The greatest local difference, as a multiple of what is allowed at its place: below 1 the one shows the other.

    How much is cut off is found as Lucas and Kanade align pictures (An Iterative Image Registration Technique with an
    Application to Stereo Vision, 1981): the parts of the least squares fit are the picture itself, a constant, and for
    each of the four edges what moves when it is cut.
    """
    edges = np.zeros((len(whole), 4))
    for _ in range(_ROUNDS):
        seen = _cut(whole, edges)
        down, across = np.gradient(seen, axis=1) * EDGE, np.gradient(seen, axis=2) * EDGE
        x, y = _MIDDLES, _MIDDLES[:, None]
        parts = [seen, np.ones_like(seen), across * (1 - x), -across * x, down * (1 - y), -down * y]
        fit, _ = _fit(parts, seen, cut)
        edges = np.clip(edges + fit[:, 2:] / np.maximum(fit[:, :1], _CONTRAST[0]), _STRETCHED, CROPPED)
    seen = _cut(whole, edges)
    # The square is for light that was changed by a curve.
    fit, shown = _fit([seen, np.ones_like(seen), ((seen - 128) / 32) ** 2], seen, cut)
    steps = np.maximum(np.abs(np.gradient(seen, axis=1)), np.abs(np.gradient(seen, axis=2)))
    allowed = LEVELS + STEPS * _block_means(steps)
    differ = (np.abs(_block_means(cut - shown.clip(0, 255))) / allowed).max(axis=(1, 2))
    return np.where((fit[:, 0] > _CONTRAST[0]) & (fit[:, 0] < _CONTRAST[1]), differ, np.inf)


def _cut(whole: Array, edges: Array) -> Array:
    """The thumbnails without these parts of their left, right, upper and lower edges, as large as before."""
    left, right, top, bottom = edges.T
    return np.asarray(_weights(top, bottom) @ whole @ _weights(left, right).transpose(0, 2, 1))


def _weights(start: Array, end: Array) -> Array:
    places = (start[:, None] + _MIDDLES * (1 - start - end)[:, None]) * EDGE - 0.5
    far = places.clip(0, EDGE - 1)[:, :, None] - np.arange(EDGE)
    return np.asarray(np.maximum(0, 1 - np.abs(far)))


def _fit(parts: list[Array], seen: Array, wanted: Array) -> tuple[Array, Array]:
    """How much of each part is in what is wanted, by least squares, and the sum of the parts."""
    count = len(wanted)
    given = np.stack(parts, axis=1).reshape(count, len(parts), -1)
    full = (np.maximum(seen, wanted) > _BRIGHT) | (np.minimum(seen, wanted) < _DARK)
    weighed = given * np.where(full, _LITTLE, 1.0).reshape(count, 1, -1)
    squares = weighed @ given.transpose(0, 2, 1)
    # Parts that are nearly the same, or nothing, would have no one solution.
    squares += np.diag([_LEAST] * 3 if len(parts) == 3 else [_LEAST] * 2 + [_STIFF] * 4)
    fit = np.linalg.solve(squares, weighed @ wanted.reshape(count, -1, 1))
    return fit[:, :, 0], (fit * given).sum(axis=1).reshape(wanted.shape)


def _block_means(cells: Array) -> Array:
    """The mean of each 3 x 3 cells."""
    sums = np.pad(cells.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    of_rows = sums[:, _BLOCK:] - sums[:, :-_BLOCK]
    return np.asarray((of_rows[:, :, _BLOCK:] - of_rows[:, :, :-_BLOCK]) / _BLOCK**2)
