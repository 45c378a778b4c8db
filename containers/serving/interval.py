"""How far chance alone could have moved a figure: pictures drawn again and again from the held-out ones.

Knows matches, not models. Seeded, so the same data gives the same interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.average_precision import Floats, Matches, average_precision, mean_over_present

DRAWS = 200
FEWEST_PICTURES = 8
"""Below this an interval would say more about the drawing than about the model."""


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of a figure over the draws."""

    low: float
    high: float


def map50_95_intervals(
    candidate: Matches, champion: Matches | None, classes: int, pictures: int
) -> tuple[Interval | None, Interval | None]:
    """Intervals of the candidate's mAP50-95 and of its lead over the champion, on the same draws of pictures."""
    if pictures < FEWEST_PICTURES:
        return None, None
    random = np.random.default_rng(0)
    own, lead = [], []
    for _ in range(DRAWS):
        weights = np.bincount(random.integers(0, pictures, pictures), minlength=pictures).astype(float)
        value = _map50_95(candidate, classes, weights)
        own.append(value)
        if champion is not None:
            lead.append(value - _map50_95(champion, classes, weights))
    return _middle(own), _middle(lead) if lead else None


def _map50_95(matches: Matches, classes: int, weights: Floats) -> float:
    objects = np.bincount(matches.true_classes, weights=weights[matches.true_pictures], minlength=classes)
    return mean_over_present(average_precision(matches, classes, weights).mean(axis=1), objects)


def _middle(values: list[float]) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))
