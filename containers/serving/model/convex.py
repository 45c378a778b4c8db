"""The area that convex shapes share: rectangles, upright or turned. Pure arithmetic on numpy arrays.

A shape is the half-planes of its sides, and what several share is those of all of them: its corners are where two of
the lines meet and no half-plane is left.
"""

from __future__ import annotations

import numpy as np

from containers.serving.model.arrays import Doubles, Reals

BLOCK = 1 << 13
"""Groups of shapes that are looked at a time, so that memory stays bounded."""
NEAR = 1e-6
"""Pixels; a corner may lie so far outside, for lines that meet in it are not exact."""


def half_planes(corners: Reals) -> Doubles:
    """The sides [n, k, 3] of shapes given by their corners [n, k, 2] in either direction: a x + b y <= c, a² + b² = 1.

    A side without length bounds nothing.
    """
    start = corners.astype(np.float64)
    run, rise = np.moveaxis(np.roll(start, -1, axis=1) - start, 2, 0)
    x, y = np.moveaxis(start, 2, 0)
    turn = np.where((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) < 0, -1, 1)[:, None]
    length = np.hypot(run, rise)
    normal = np.stack((rise, -run), axis=2) * (turn / np.where(length > 0, length, 1))[..., None]
    return np.concatenate((normal, (normal * start).sum(axis=2, keepdims=True)), axis=2)


def shared_area(planes: Doubles) -> Doubles:
    """The area [n] of what all half-planes [n, m, 3] of a group leave, which has to be bounded."""
    blocks = [_area(planes[first : first + BLOCK]) for first in range(0, len(planes), BLOCK)]
    return np.concatenate([np.zeros(0), *blocks])


def _area(planes: Doubles) -> Doubles:
    one, other = np.triu_indices(planes.shape[1], 1)
    (a, b, c), (d, e, f) = np.moveaxis(planes[:, one], 2, 0), np.moveaxis(planes[:, other], 2, 0)
    cross = a * e - b * d
    meets = np.abs(cross) > NEAR
    safe = np.where(meets, cross, 1)
    x, y = (c * e - b * f) / safe, (a * f - c * d) / safe
    for at in range(planes.shape[1]):
        meets &= planes[:, at, :1] * x + planes[:, at, 1:2] * y <= planes[:, at, 2:] + NEAR
    count = meets.sum(axis=1, keepdims=True).clip(1)
    # Around their middle, one after the other; what is no corner comes last, as the first one once more.
    x, y = ((side - (side * meets).sum(axis=1, keepdims=True) / count) for side in (x, y))
    order = np.where(meets, np.arctan2(y, x), np.inf).argsort(axis=1)
    x, y, meets = (np.take_along_axis(side, order, axis=1) for side in (x, y, meets))
    x, y = np.where(meets, x, x[:, :1]), np.where(meets, y, y[:, :1])
    doubled = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    return np.where(meets.any(axis=1), np.abs(doubled) / 2, 0.0)
