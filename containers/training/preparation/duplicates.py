"""Finds equal and nearly equal pictures by their digests and perceptual hashes.

Pure: arrays in, arrays out. A group is named by the smallest place of its members.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

NEAR = 7
"""Bits of 128 by which the hashes of nearly the same picture may differ."""
_BANDS = NEAR + 1
_CROWD = 2048
"""How many neighbours a hash is compared with where more share a band."""

Array = npt.NDArray[Any]


def equal_groups(keys: Array) -> Array:
    """For every key the place of the first equal one."""
    _, first, where = np.unique(keys, return_index=True, return_inverse=True)
    return first[where.reshape(-1)]


def near_groups(looks: Array) -> Array:
    """For every hash (V16) the first place of its series: hashes that are linked by steps of at most NEAR bits.

    Two hashes that differ in at most NEAR bits are equal in one of NEAR + 1 bands at least (pigeonhole principle), so
    only those are compared that share a band; where more than 2,048 share one, the nearest neighbours in order.
    """
    if not len(looks):
        return np.zeros(0, np.intp)
    distinct, first, where = np.unique(looks, return_index=True, return_inverse=True)
    words = np.frombuffer(distinct.tobytes(), np.uint64).reshape(-1, 2)
    bands = np.frombuffer(distinct.tobytes(), np.uint16).reshape(-1, _BANDS)
    series = np.arange(len(distinct))
    for band in range(_BANDS):
        for left, right in _pair_equal(bands[:, band]):
            apart = series[left] != series[right]
            left, right = left[apart], right[apart]
            near = np.bitwise_count(words[left] ^ words[right]).sum(axis=1) <= NEAR
            series = join_groups(series, left[near], right[near])
    # The first of a series is the first among the pictures, not among the sorted hashes.
    start = np.full(len(distinct), len(looks))
    np.minimum.at(start, series, first)
    return start[series][where.reshape(-1)]


def join_groups(groups: Array, left: Array, right: Array) -> Array:
    """The groups after every ``left`` was put together with its ``right``; a group's name is its smallest place."""
    while True:
        a, b = groups[left], groups[right]
        apart = a != b
        if not apart.any():
            return groups
        groups = groups.copy()
        np.minimum.at(groups, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while True:
            shorter = groups[groups]
            if (shorter == groups).all():
                break
            groups = shorter


def _pair_equal(keys: Array) -> Iterator[tuple[Array, Array]]:
    """Pairs of places with equal keys."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    left = np.arange(len(keys))
    for step in range(1, min(_CROWD, len(keys) - 1) + 1):
        left = left[left + step < len(keys)]
        left = left[ordered[left] == ordered[left + step]]
        if not len(left):
            return
        yield order[left], order[left + step]
