"""Whether two models answer one picture alike, and within which bounds a share of all pictures lies. Pure.

They are two models, so their scores and places may differ: alike are the same things at nearly the same places. The
interval is Wilson's score interval (E. B. Wilson, 1927), which holds for few pictures and for shares near 0 and 1.
"""

from __future__ import annotations

import math

from workflow.contract.smoke import Answer, Box, Named, overlap

SAME_PLACE = 0.5
"""Intersection over union from which two boxes are of one thing, as for mAP50."""
Z = 1.96
"""Standard deviations of a 95 % interval."""


def alike(champion: Answer, challenger: Answer) -> bool:
    """Whether each found what the other found; of a classifier, whether both name the same class first."""
    ours, theirs = _first(champion), _first(challenger)
    if ours or theirs:
        return ours == theirs
    boxes = [one for one in champion if isinstance(one, Box)]
    others = [one for one in challenger if isinstance(one, Box)]
    if len(boxes) != len(others):
        return False
    pairs = sorted(
        (-overlap(box.corners, other.corners), here, there)
        for here, box in enumerate(boxes)
        for there, other in enumerate(others)
        if box.name == other.name
    )
    mine: set[int] = set()
    yours: set[int] = set()
    for negative, here, there in pairs:
        if -negative >= SAME_PLACE and here not in mine and there not in yours:
            mine.add(here)
            yours.add(there)
    return len(mine) == len(boxes)


def _first(answer: Answer) -> str:
    named = [one for one in answer if isinstance(one, Named)]
    return max(named, key=lambda one: one.score).name if named else ""


def wilson(hits: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a share, of ``hits`` among ``of``; all of it where nothing was seen.

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    if of <= 0:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)
