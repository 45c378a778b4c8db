"""What is taken for a copy, and what for another picture of the same scene.

More sets, photographs among them, and the figures: ``python -m tests.bench.likeness``.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.bench.likeness.copies import COPIES
from tests.bench.likeness.measure import find_by_hash, find_series, found, told
from tests.bench.likeness.scenes import Pictures, dark_water, field, hands, lit_tank, one_fastener, one_table, sample

SCENES = {make.__name__: make for make in (sample, one_table, one_fastener, dark_water, lit_tank, hands, field)}
CUT = {name for name in COPIES if "cut off" in name}


@cache
def pictures(name: str) -> Pictures:
    """A set of pictures that differ in one or a few things."""
    return SCENES[name](24)


@pytest.mark.parametrize("name", SCENES)
def test_pictures_of_one_scene_are_no_copies_of_each_other(name: str) -> None:
    """Fewer than one in twenty is told of."""
    assert told(pictures(name), find_series) < 0.05


def test_the_hash_alone_would_tell_of_most_of_them() -> None:
    """A fish elsewhere in a lit tank hardly changes it."""
    assert told(pictures("lit_tank"), find_by_hash) > 0.5


@pytest.mark.parametrize("way", sorted(COPIES.keys() - CUT))
@pytest.mark.parametrize("name", ["sample", "lit_tank", "hands"])
def test_a_copy_in_another_form_size_or_light_is_found(name: str, way: str) -> None:
    """Among all others of its scene and their copies."""
    assert found(pictures(name)[:10], COPIES[way], find_series) >= 0.9


@pytest.mark.parametrize("way", sorted(CUT))
@pytest.mark.parametrize("name", ["one_fastener", "hands"])
def test_most_copies_are_found_whose_edges_were_cut(name: str, way: str) -> None:
    """By up to three in a hundred; what is cut off may be what the hash goes by."""
    assert found(pictures(name)[:10], COPIES[way], find_series) >= 0.6
