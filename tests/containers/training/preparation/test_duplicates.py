"""How equal and nearly equal pictures are found."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from containers.training.preparation.duplicates import FAR, NEAR, Array, equal_groups, join_groups, near_groups


def hashes(*numbers: int) -> Array:
    """Perceptual hashes from numbers of 128 bits."""
    return np.frombuffer(b"".join(number.to_bytes(16, "little") for number in numbers), "V16")


def alike(places: Array) -> Array:
    """The same thumbnail for every picture."""
    return np.zeros((len(places), 32, 32), np.uint8)


def by_hand(numbers: list[int], most: int) -> list[int]:
    """The groups from comparing all with all: those are linked that differ in so many bits at most."""
    groups = list(range(len(numbers)))
    for _ in numbers:
        for one, left in enumerate(numbers):
            for other, right in enumerate(numbers):
                if (left ^ right).bit_count() <= most:
                    groups[one] = groups[other] = min(groups[one], groups[other])
    return groups


def test_equal_keys_are_told_by_the_first() -> None:
    """Whatever lies between them."""
    assert equal_groups(hashes(5, 7, 5, 9, 7)).tolist() == [0, 1, 0, 3, 1]


def test_hashes_that_differ_in_up_to_seven_bits_are_near() -> None:
    """Wherever the bits are: here in each band but one. Eight may be in all of them."""
    bits = [0, 17, 40, 63, 64, 90, 127]
    near = sum(1 << bit for bit in bits)
    assert near_groups(hashes(0, near), alike).tolist() == [0, 0]
    assert near_groups(hashes(0, near | 1 << 100), alike).tolist() == [0, 1]


def test_hashes_that_share_a_band_may_differ_in_twenty_four_bits() -> None:
    """A picture whose edges were cut differs in that many."""
    assert near_groups(hashes(0, (1 << 24) - 1), alike).tolist() == [0, 0]
    assert near_groups(hashes(0, (1 << 25) - 1), alike).tolist() == [0, 1]


def test_equal_hashes_are_no_copies_where_the_thumbnails_differ() -> None:
    """A fish in another place: all else is dark in both."""
    water = np.full((3, 32, 32), 10, np.uint8)
    water[0, 4:7, 4:9] = water[2, 4:7, 4:9] = water[1, 20:23, 22:27] = 200
    assert near_groups(hashes(5, 5, 5), lambda places: water[places]).tolist() == [0, 1, 0]


def test_a_copy_is_found_in_a_crowd_of_equal_hashes() -> None:
    """A thousand pictures of one scene with something else in each, and a copy of every tenth with the noise of one."""
    random = np.random.default_rng(0)
    scene = np.tile(np.linspace(60, 190, 32), (1000, 32, 1))
    for picture, row, column in zip(scene, random.integers(0, 28, 1000), random.integers(0, 28, 1000), strict=True):
        patch = picture[row : row + 4, column : column + 4]
        patch += random.normal(0, 40, patch.shape)
    copies = scene[::10] + random.normal(0, 1, (100, 32, 32))
    every = np.concatenate([scene, copies]).round().clip(0, 255).astype(np.uint8)
    groups = near_groups(hashes(*[9] * 1100), lambda places: every[places])
    assert (groups[1000:] == groups[:1000:10]).mean() > 0.97
    assert len(np.unique(groups[:1000])) > 950


def test_a_series_is_linked_by_its_steps() -> None:
    """First and last of a film differ more than neighbours do."""
    steps = [(1 << 6 * step) - 1 for step in range(8)]
    assert near_groups(hashes(*steps, (1 << 64) - 1 << 64), alike).tolist() == [0] * 8 + [8]


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 127), max_size=9)), min_size=1, max_size=12))
def test_no_near_pair_is_missed_and_no_far_one_is_invented(drawn: list[tuple[int, set[int]]]) -> None:
    """Beside the groups from comparing all with all."""
    bases = [0, 2**128 - 1, int("a5" * 16, 16), int("0f" * 16, 16)]
    numbers = [bases[base] ^ sum(1 << bit for bit in bits) for base, bits in drawn]
    found = near_groups(hashes(*numbers), alike).tolist()
    assert all(group <= near for group, near in zip(found, by_hand(numbers, NEAR), strict=True))
    assert all(group >= far for group, far in zip(found, by_hand(numbers, FAR), strict=True))


def test_joining_names_a_group_by_its_smallest_place() -> None:
    """Chains in any order."""
    assert join_groups(np.arange(6), np.array([5, 3, 4]), np.array([4, 1, 3])).tolist() == [0, 1, 2, 1, 1, 1]


def test_a_hundred_thousand_hashes_take_seconds() -> None:
    """Also when half of them are one long series, which all share their bands."""
    random = np.random.default_rng(0)
    words = random.integers(0, 2**63, (100_000, 2), dtype=np.uint64)
    words[:50_000] = words[0]
    words[:50_000, 0] ^= np.uint64(1) << random.integers(0, 63, 50_000, dtype=np.uint64)
    words[:50_000, 1] ^= np.uint64(1) << random.integers(0, 63, 50_000, dtype=np.uint64)
    started = time.process_time()
    groups = near_groups(np.frombuffer(words.tobytes(), "V16"), alike)
    assert time.process_time() - started < 10
    assert (groups[:50_000] == 0).all()
    assert len(np.unique(groups)) == 50_001
