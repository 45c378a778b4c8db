"""How far chance alone could have moved a figure: pictures drawn again and again from the held-out ones.

Knows figures, not models. Seeded, so the same data gives the same interval, and two models are drawn alike.
"""

from __future__ import annotations

import numpy as np

from containers.serving.model.arrays import Doubles, Reals
from workflow.contract.scores import Interval

DRAWS = 400
FEWEST_PICTURES = 8
"""Below this an interval would say more about the drawing than about the model."""
MIDDLE = (2.5, 97.5)
"""Per cent: what lies between is the interval."""


def draw_pictures(pictures: int) -> Doubles | None:
    """How often each of the pictures is taken in each draw: [pictures, 400]; None where there are too few of them."""
    if pictures < FEWEST_PICTURES:
        return None
    random = np.random.default_rng(0)
    counts = np.empty((pictures, DRAWS))
    for draw in range(DRAWS):
        counts[:, draw] = np.bincount(random.integers(0, pictures, pictures), minlength=pictures)
    return counts


def middle(values: Reals) -> Interval:
    """The middle 95 % of a figure [draws]."""
    low, high = np.percentile(values, MIDDLE)
    return Interval(float(low), float(high))


def middle_where(values: Reals, objects: Reals, pictures: int) -> Interval | None:
    """That of a class's figure [draws], over the draws that hold any of its ``objects`` [draws].

    None where fewer than eight ``pictures`` show the class.
    """
    return None if pictures < FEWEST_PICTURES else middle(values[objects > 0])
