"""Whether two models answer one picture alike. Pure.

They are two models, so their scores and places may differ: alike are the same things at nearly the same places.
"""

from __future__ import annotations

from workflow.contract.box_pairs import count_pairs
from workflow.contract.smoke import Answer, Box, Named


def alike(champion: Answer, challenger: Answer) -> bool:
    """Whether each found what the other found; of a classifier, whether both name the same class first."""
    ours, theirs = _first(champion), _first(challenger)
    if ours or theirs:
        return ours == theirs
    boxes = [one for one in champion if isinstance(one, Box)]
    others = [one for one in challenger if isinstance(one, Box)]
    return len(boxes) == len(others) == count_pairs(boxes, others)


def _first(answer: Answer) -> str:
    named = [one for one in answer if isinstance(one, Named)]
    return max(named, key=lambda one: one.score).name if named else ""
