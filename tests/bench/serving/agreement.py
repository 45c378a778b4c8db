"""Whether a contestant finds the same objects as ultralytics itself, so that nobody wins by doing less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONFIDENT = 0.5
"""From which score an object must be found by all; below it another rounding may decide."""
SAME = 0.9
"""From which overlap (intersection over union) two boxes are the same."""

Box = tuple[float, ...]


@dataclass(frozen=True)
class Found:
    """One object: left, top, right, bottom in pixels, score, class number."""

    box: Box
    score: float
    class_id: int


@dataclass(frozen=True)
class Agreement:
    """Confident objects: those expected, those of them that were found, and those found that nobody expects."""

    expected: int = 0
    matched: int = 0
    unexpected: int = 0

    @property
    def share(self) -> float:
        """Objects that both sides see, out of all that either is confident of."""
        every = self.expected + self.unexpected
        return self.matched / every if every else 1.0

    def __str__(self) -> str:
        more = f" +{self.unexpected}" if self.unexpected else ""
        return f"{self.matched}/{self.expected}{more}"


def compare(expected: Sequence[Sequence[Found]], answers: Mapping[int, Sequence[Found]]) -> Agreement:
    """Compare the answers (by the picture's place) with what is expected of the pictures that were answered."""
    total = matched = unexpected = 0
    for place, answer in answers.items():
        wanted = [one for one in expected[place] if one.score >= CONFIDENT]
        total += len(wanted)
        matched += sum(_seen(one, answer) for one in wanted)
        unexpected += sum(one.score >= CONFIDENT and not _seen(one, expected[place]) for one in answer)
    return Agreement(total, matched, unexpected)


def _seen(one: Found, others: Sequence[Found]) -> bool:
    return any(one.class_id == other.class_id and overlap(one.box, other.box) >= SAME for other in others)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, width) * max(0.0, height)
    union = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - common
    return common / union if union else 0.0
