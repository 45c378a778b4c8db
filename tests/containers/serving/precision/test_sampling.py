"""Which validation pictures are measured on."""

from __future__ import annotations

import pytest

from containers.serving.precision.sampling import FEWEST_PICTURES, MOST_PICTURES, SECONDS, bound, spread


@pytest.mark.parametrize(
    ("pictures", "seconds_each", "count"),
    [(16, 20.0, 16), (32, 60.0, 32), (5000, 0.1, MOST_PICTURES), (5000, 0.25, 500), (1000, 3.0, 62), (5000, 20.0, 32)],
)
def test_so_many_pictures_are_looked_at_as_take_four_minutes(pictures: int, seconds_each: float, count: int) -> None:
    """Halved from a thousand: a little noise in a picture's time leaves the count as it is."""
    assert bound(pictures, seconds_each) == count
    assert count * seconds_each <= SECONDS or count <= FEWEST_PICTURES


def test_they_are_spread_over_all_of_them() -> None:
    """No series of a sorted folder fills the sample; fewer than asked for are all taken."""
    assert spread(range(10), 5) == (0, 2, 4, 6, 8)
    assert spread(range(3), 5) == (0, 1, 2)
    assert spread([], 5) == ()
