"""Matches the rows of a table with its columns, each once at most, for the largest sum: the assignment problem. Exact.

By shortest augmenting paths, after R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense and
sparse linear assignment problems" (Computing 38, 1987), in the form of D. F. Crouse, "On implementing 2D rectangular
assignment algorithms" (IEEE Transactions on Aerospace and Electronic Systems 52, 2016).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Indices


def match(gains: Doubles) -> tuple[Indices, Indices]:
    """Rows and columns of ``gains`` [n, m] that belong together, rows rising; of all ways one of the largest gain.

    Only what is above 0 is matched. Objects that are far apart have nothing to do with one another, so the table falls
    into small ones, which are solved each for itself: hundreds of objects then take hardly more than dozens.
    """
    pairs: list[tuple[int, int]] = []
    for rows, columns in _islands(gains > 0):
        part = gains[np.ix_(rows, columns)].clip(0)
        chosen = _pair(part)
        kept = part[chosen] > 0
        pairs += zip(rows[chosen[0]][kept].tolist(), columns[chosen[1]][kept].tolist(), strict=True)
    pairs.sort()
    found = np.array(pairs, np.intp).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _pair(gains: Doubles) -> tuple[Indices, Indices]:
    """Each row with a column, or where there are more of them each column with a row."""
    if len(gains) > gains.shape[1]:
        columns, rows = _pair(gains.T)
        return rows, columns
    return np.arange(len(gains)), _assign(-gains)


def _islands(linked: Flags) -> Iterator[tuple[Indices, Indices]]:
    """Rows and columns of ``linked`` [n, m] that are linked with one another, and with nothing else."""
    rows, columns = np.nonzero(linked)
    island: dict[int, list[int]] = {}
    for row, column in zip(
        rows.tolist(), (-1 - columns).tolist(), strict=True
    ):  # a column is below 0, to tell it apart
        mine, theirs = island.get(row, [row]), island.get(column, [column])
        if mine is theirs:
            continue
        larger, smaller = (mine, theirs) if len(mine) > len(theirs) else (theirs, mine)
        larger += smaller
        island.update(dict.fromkeys(smaller, larger))
        island[row] = island[column] = larger
    for members in {id(one): one for one in island.values()}.values():
        all_of_it = np.sort(np.array(members, np.intp))
        yield all_of_it[all_of_it >= 0], np.sort(-1 - all_of_it[all_of_it < 0])


def _assign(costs: Doubles) -> Indices:
    """The column of each row of ``costs`` [n, m], n not above m, so that the sum is the smallest."""
    rows, columns = costs.shape
    of_rows, of_columns = np.zeros(rows), np.zeros(columns)  # the prices, by which no cost is below 0
    row_of, column_of = np.full(columns, -1, np.intp), np.full(rows, -1, np.intp)
    for first in range(rows):
        shortest, before = np.full(columns, np.inf), np.full(columns, -1, np.intp)
        reached = np.zeros(columns, bool)
        at, length = first, 0.0
        while True:
            through = length + costs[at] - of_rows[at] - of_columns
            better = ~reached & (through < shortest)
            shortest[better], before[better] = through[better], at
            column = int(np.where(reached, np.inf, shortest).argmin())
            length = float(shortest[column])
            reached[column] = True
            if row_of[column] < 0:
                break
            at = int(row_of[column])
        taken = np.flatnonzero(reached & (row_of >= 0))
        of_rows[first] += length
        of_rows[row_of[taken]] += length - shortest[taken]
        of_columns[reached] -= length - shortest[reached]
        while True:
            row = int(before[column])
            row_of[column] = row
            column_of[row], column = column, int(column_of[row])
            if row == first:
                break
    return column_of
