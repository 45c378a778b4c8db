"""Whether two models answer one picture alike. Pure.

They are two models, so their scores and places may differ: alike are the same things at nearly the same places.
"""

from __future__ import annotations

from workflow.contract.smoke import Answer, Box, Named, overlap

SAME_PLACE = 0.5
"""Intersection over union from which two boxes are of one thing, as for mAP50."""


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
