"""Which of two lists of boxes are of the same things. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workflow.contract.smoke import overlap

SAME_PLACE = 0.5
"""Intersection over union from which two boxes are of one thing, as for mAP50."""


class NamedBox(Protocol):
    """A box of a class; ``corners`` are left, top, right, bottom in pixels."""

    @property
    def name(self) -> str:
        """Its class."""

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Its place."""


def count_pairs(boxes: Sequence[NamedBox], others: Sequence[NamedBox]) -> int:
    """How many of the boxes have one of their own among the others, of their class; the nearest are paired first."""
    pairs = sorted(
        (-shared, here, there)
        for here, box in enumerate(boxes)
        for there, other in enumerate(others)
        if box.name == other.name and (shared := overlap(box.corners, other.corners)) >= SAME_PLACE
    )
    mine: set[int] = set()
    theirs: set[int] = set()
    for _, here, there in pairs:
        if here not in mine and there not in theirs:
            mine.add(here)
            theirs.add(there)
    return len(mine)
