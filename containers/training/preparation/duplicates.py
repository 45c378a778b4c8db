"""Finds equal and nearly equal pictures by their digests, perceptual hashes and thumbnails.

Pure: arrays in, arrays out. A group is named by the smallest place of its members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from containers.training.preparation.likeness import alike
from containers.training.preparation.look import EDGE, THUMBNAIL

NEAR = 7
"""Bits of 128 by which the hashes of nearly the same picture may differ for it to be found in any case."""
FAR = 24
"""Bits by which they may differ at all: hashes of different pictures differ in 64, give or take a dozen."""
_BANDS = NEAR + 1
_FEW = 24
"""Of so many pictures that share a band each is compared with each."""
_CROWD = 64
"""How many neighbours a picture is compared with where more share a band."""
_LOOKED_AT = 2
"""Neighbours of these whose thumbnails are looked at in any case; those of the others, where the marks are alike."""
_MARKED = 4.0
"""Grey levels by which alike marks differ: those of a copy by 1, those of pictures with another object by 6."""
_SEED = 0
_CHUNK = 1024
"""Thumbnails that are in memory at one time."""

Array = npt.NDArray[Any]
Thumbnails = Callable[[Array], Array]
"""Gives the thumbnails [n, 32, 32] of the pictures at n places."""


def equal_groups(keys: Array) -> Array:
    """For every key the place of the first equal one."""
    _, first, where = np.unique(keys, return_index=True, return_inverse=True)
    return first[where.reshape(-1)]


def near_groups(looks: Array, thumbnails: Thumbnails) -> Array:
    """For every hash (V16) the first place of its series: pictures linked by steps from one to a copy of it.

    Hashes find the candidates, a look at both thumbnails decides. Two hashes that differ in at most NEAR bits are equal
    in one of NEAR + 1 bands at least (pigeonhole principle), those that differ in a few more mostly are, so only those
    are compared that share a band. Where more than 24 share one, as pictures of one scene do, those next to each other
    are compared, in an order by the marks of the thumbnails; each band has an order of its own.
    """
    words = np.frombuffer(looks.tobytes(), np.uint64).reshape(-1, 2)
    bands = np.frombuffer(looks.tobytes(), np.uint16).reshape(-1, _BANDS)
    marks = _mark(len(looks), thumbnails)
    cells = np.floor(marks / _MARKED).astype(np.int16)
    few = np.stack([_sizes(bands[:, band]) <= _FEW for band in range(_BANDS)], axis=1)
    series = np.arange(len(looks))
    for band in range(_BANDS):
        last, *first = (np.arange(4) + band) % _BANDS
        order = np.lexsort((marks[:, last], *(cells[:, at] for at in first), bands[:, band]))
        for step, left, right in _pair_equal(bands[:, band], order):
            apart = series[left] != series[right]
            left, right = left[apart], right[apart]
            likely = np.bitwise_count(words[left] ^ words[right]).sum(axis=1) <= FAR
            # Those were looked at before that are two of few in an earlier band.
            likely &= ~((bands[left, :band] == bands[right, :band]) & few[left, :band]).any(axis=1)
            if step > _LOOKED_AT:
                likely &= few[left, band] | (np.abs(marks[left] - marks[right]) < _MARKED).all(axis=1)
            left, right = left[likely], right[likely]
            for start in range(0, len(left), _CHUNK):
                one, other = left[start : start + _CHUNK], right[start : start + _CHUNK]
                same = alike(thumbnails(one), thumbnails(other))
                series = join_groups(series, one[same], other[same])
    return series


def _sizes(keys: Array) -> Array:
    """For each key how many are equal to it."""
    _, where, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[where])


def _mark(count: int, thumbnails: Thumbnails) -> Array:
    """Numbers [count, 8] that are nearly the same for copies, and hardly for pictures with something else in them.

    Each is a sum of all cells with random signs, the same ones every time, as many plus as minus: the noise of a copy
    cancels out, and so does light.
    """
    signs = np.ones((THUMBNAIL, _BANDS), np.float32)
    signs[::2] = -1
    # Sums of whole numbers, which come out the same on every machine.
    signs = np.random.default_rng(_SEED).permuted(signs, axis=0)
    marks = np.zeros((count, _BANDS), np.float32)
    for start in range(0, count, _CHUNK):
        places = np.arange(start, min(start + _CHUNK, count))
        marks[places] = thumbnails(places).reshape(-1, THUMBNAIL).astype(np.float32) @ signs / EDGE
    return marks


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


def _pair_equal(keys: Array, order: Array) -> Iterator[tuple[int, Array, Array]]:
    """Pairs of places with equal keys, by how far they are apart in ``order``, which sorts the keys."""
    ordered = keys[order]
    left = np.arange(len(keys))
    for step in range(1, min(_CROWD, len(keys) - 1) + 1):
        left = left[left + step < len(keys)]
        left = left[ordered[left] == ordered[left + step]]
        if not len(left):
            return
        yield step, order[left], order[left + step]
