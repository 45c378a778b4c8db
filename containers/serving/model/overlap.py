"""How much boxes of two sets lie on one another. Pure arithmetic."""

from __future__ import annotations

import numpy as np

from containers.serving.model.arrays import Doubles, Reals


def overlap(boxes: Reals, others: Reals) -> Doubles:
    """Intersection over union [n, m] of boxes [n, 4] and [m, 4], given as left, top, right, bottom."""
    first, second = boxes.astype(np.float64), others.astype(np.float64)
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    sides = (np.minimum(first[:, None, 2:], second[None, :, 2:]) - corner).clip(0)
    common = sides.prod(axis=2)
    area = [(one[:, 2] - one[:, 0]) * (one[:, 3] - one[:, 1]) for one in (first, second)]
    union = area[0][:, None] + area[1][None] - common
    shares: Doubles = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return shares
