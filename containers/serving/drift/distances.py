"""How far two sets of pictures are apart by one figure, for many relabellings of the pictures at once. Pure numpy.

Every function takes a figure of all pictures [n], or several [n, any], and labels [draws, n], true for those of the
first set, and gives a distance [draws]. A distance is 0 between sets that are the same and at most 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Floats, Reals

AT_ONCE = 1 << 20
"""Numbers in a table of draws by pictures that is worked on at a time."""


def largest_gap(values: Doubles, labels: Flags) -> Doubles:
    """The Kolmogorov–Smirnov statistic: the largest difference of two cumulative distributions, ties taken together.

    Pictures without the figure (NaN) count in neither set; 0 where a set has no picture left.
    """
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    if not len(order):
        return np.zeros(len(labels))
    last = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    found = []
    for part in _parts(labels, len(order)):
        drawn = part[:, order]
        first = drawn.cumsum(axis=1, dtype=np.int32)
        second = np.arange(1, len(order) + 1, dtype=np.int32) - first
        share = first[:, last] / np.maximum(first[:, -1:], 1) - second[:, last] / np.maximum(second[:, -1:], 1)
        empty = (first[:, -1] == 0) | (second[:, -1] == 0)
        found.append(np.where(empty, 0.0, np.abs(share).max(axis=1)))
    return np.concatenate(found)


def moved_share(counts: Reals, labels: Flags) -> Doubles:
    """Total variation: the share of everything counted [n, kinds] that is of another kind in the second set."""
    found = []
    for part in _parts(labels, len(counts)):
        first = part @ counts.astype(np.float64)
        second = counts.sum(axis=0) - first
        shares = [sums / np.maximum(sums.sum(axis=1, keepdims=True), 1) for sums in (first, second)]
        found.append(np.abs(shares[0] - shares[1]).sum(axis=1) / 2)
    return np.concatenate(found)


def energy(features: Floats, labels: Flags) -> Doubles:
    """The energy coefficient of Székely and Rizzo ("Energy statistics", 2013) of ``features`` [n, any].

    (2 E|x-y| - E|x-x'| - E|y-y'|) / (2 E|x-y|), where x and x' are of the one set and y and y' of the other. Columns
    are taken by their spread over all pictures, so that none counts for its unit.
    """
    apart = between(spread(features))
    found = []
    for part in _parts(labels, len(features)):
        share = part / part.sum(axis=1, keepdims=True)
        other = ~part / (~part).sum(axis=1, keepdims=True)
        near = share.astype(np.float32) @ apart
        across = np.einsum("dn,dn->d", near, other, dtype=np.float64)
        inside = np.einsum("dn,dn->d", near, share, dtype=np.float64)
        beside = np.einsum("dn,dn->d", other.astype(np.float32) @ apart, other, dtype=np.float64)
        found.append((2 * across - inside - beside).clip(0) / np.maximum(2 * across, 1e-12))
    return np.concatenate(found)


def spread(features: Floats, like: Floats | None = None) -> Floats:
    """Features with mean 0 and deviation 1 over the pictures of ``like``, or over their own; equal ones become 0."""
    measure = features if like is None else like
    deviation = measure.std(axis=0)
    scaled: Floats = ((features - measure.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf)).astype(np.float32)
    return scaled


def between(first: Floats, second: Floats | None = None) -> Floats:
    """Euclidean distances [n, m]; of the pictures among each other without a ``second``."""
    other = first if second is None else second
    squares = (first**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * first @ other.T
    distances: Floats = np.sqrt(squares.clip(0))
    if second is None:
        np.fill_diagonal(distances, 0)
    return distances


def _parts(labels: Flags, pictures: int) -> Iterator[Flags]:
    size = max(1, AT_ONCE // max(1, pictures))
    for first in range(0, len(labels), size):
        yield labels[first : first + size]
