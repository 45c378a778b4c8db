"""How equal and nearly equal pictures are found."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from containers.training.preparation.duplicates import NEAR, Array, equal_groups, join_groups, near_groups


def hashes(*numbers: int) -> Array:
    """Perceptual hashes from numbers of 128 bits."""
    return np.frombuffer(b"".join(number.to_bytes(16, "little") for number in numbers), "V16")


def by_hand(numbers: list[int]) -> list[int]:
    """The same groups from comparing all with all."""
    groups = list(range(len(numbers)))
    for _ in numbers:
        for one, left in enumerate(numbers):
            for other, right in enumerate(numbers):
                if (left ^ right).bit_count() <= NEAR:
                    groups[one] = groups[other] = min(groups[one], groups[other])
    return groups


def test_equal_keys_are_told_by_the_first() -> None:
    """Whatever lies between them."""
    assert equal_groups(hashes(5, 7, 5, 9, 7)).tolist() == [0, 1, 0, 3, 1]


def test_hashes_that_differ_in_up_to_seven_bits_are_near() -> None:
    """Wherever the bits are; eight are too many."""
    bits = [0, 17, 40, 63, 64, 90, 127]
    near = sum(1 << bit for bit in bits)
    assert near_groups(hashes(0, near)).tolist() == [0, 0]
    assert near_groups(hashes(0, near | 1 << 5)).tolist() == [0, 1]


def test_a_series_is_linked_by_its_steps() -> None:
    """First and last of a film differ more than neighbours do."""
    steps = [(1 << 6 * step) - 1 for step in range(8)]
    assert near_groups(hashes(*steps, 0xFFFF << 112)).tolist() == [0] * 8 + [8]


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 127), max_size=9)), min_size=1, max_size=12))
def test_no_near_pair_is_missed_and_none_is_invented(drawn: list[tuple[int, set[int]]]) -> None:
    """Exact: the same groups as from comparing all with all."""
    bases = [0, 2**128 - 1, int("a5" * 16, 16), int("0f" * 16, 16)]
    numbers = [bases[base] ^ sum(1 << bit for bit in bits) for base, bits in drawn]
    assert near_groups(hashes(*numbers)).tolist() == by_hand(numbers)


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
    groups = near_groups(np.frombuffer(words.tobytes(), "V16"))
    assert time.process_time() - started < 10
    assert (groups[:50_000] == 0).all()
    assert len(np.unique(groups)) == 50_001
