"""Within which bounds a share lies that was counted on some of many. Pure."""

from __future__ import annotations

import math

Z = 1.96
"""Standard deviations of a 95 % interval."""


def wilson(hits: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a share, of ``hits`` among ``of``; all of it where nothing was seen.

    Wilson's score interval (E. B. Wilson, 1927), which holds for few of them and for shares near 0 and 1.

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    if of <= 0:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)
