"""The assignment is exact: as good as the best of all ways, on every small table, and quick on a large one."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.tracking.matching import match

TABLES = st.tuples(st.integers(0, 5), st.integers(0, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(-3, 9), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    ).map(lambda rows: np.array(rows, np.float64).reshape(shape))
)


def best(gains: np.ndarray) -> float:
    """The largest gain of all ways to pair some rows with as many columns."""
    rows, columns = gains.shape
    ways = (
        gains[list(some), list(others)].sum()
        for count in range(min(rows, columns) + 1)
        for some in itertools.combinations(range(rows), count)
        for others in itertools.permutations(range(columns), count)
    )
    return float(max(ways))


@given(TABLES)
def test_no_other_way_gains_more(gains: np.ndarray) -> None:
    """Each row and column is used once at most, and nothing that gains nothing is matched."""
    rows, columns = match(gains)
    assert len(set(rows.tolist())) == len(rows) == len(set(columns.tolist()))
    assert (gains[rows, columns] > 0).all()
    assert gains[rows, columns].sum() == best(gains)


def test_the_greedy_way_is_not_taken() -> None:
    """The best single pair, 9, would leave 1 for the other row; 8 and 7 are more."""
    rows, columns = match(np.array([[9.0, 8], [7, 1]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
