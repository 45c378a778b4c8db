"""How many pictures are measured on, and which: evenly spread, and bounded by the time that they take. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

MOST_PICTURES, FEWEST_PICTURES = 1000, 32
"""The most that are looked at; the fewest of more, however long a picture takes."""
SECONDS = 240.0
"""What looking at them may take; half as many pictures are taken until it does not."""

One = TypeVar("One")


def bound(pictures: int, seconds_each: float) -> int:
    """How many of so many pictures to look at, where one takes all candidates ``seconds_each`` together.

    Halved rather than fitted to the seconds, so that a machine of one kind takes the same ones each time.

    >>> bound(16, 20), bound(5000, 0.1), bound(5000, 0.3), bound(5000, 20)
    (16, 1000, 500, 32)
    """
    count = min(pictures, MOST_PICTURES)
    while count > FEWEST_PICTURES and count * seconds_each > SECONDS:
        count = max(count // 2, FEWEST_PICTURES)
    return count


def spread(ordered: Sequence[One], count: int) -> tuple[One, ...]:
    """At most ``count`` of them, evenly over their order, so that no series fills them.

    >>> spread("abcdefgh", 4), spread("ab", 4)
    (('a', 'c', 'e', 'g'), ('a', 'b'))
    """
    count = min(count, len(ordered))
    return tuple(ordered[at * len(ordered) // count] for at in range(count))
