"""How missing splits are made."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from containers.training.preparation.splits import SplitError, Unit, assign

BOTH = ["validation", "test"]


def single(*classes: int, key: int) -> Unit:
    """One picture with these classes."""
    return Unit(b"%d" % key, 1, dict.fromkeys(classes, 1))


units = st.lists(
    st.builds(
        lambda pictures, classes: (pictures, {seen: min(pictures, count) for seen, count in classes.items()}),
        st.integers(1, 5),
        st.dictionaries(st.integers(0, 6), st.integers(1, 5), max_size=4),
    ),
    min_size=3,
    max_size=60,
).map(lambda found: [Unit(b"%d" % at, pictures, classes) for at, (pictures, classes) in enumerate(found)])


def test_a_hundred_pictures_are_split_seventy_fifteen_fifteen() -> None:
    """Both missing splits get fifteen of a hundred."""
    chosen = assign([single(0, key=key) for key in range(100)], BOTH, 0)
    assert Counter(chosen) == {"train": 70, "validation": 15, "test": 15}


@given(units, st.randoms(use_true_random=False))
def test_the_order_of_files_changes_nothing(found: list[Unit], order: random.Random) -> None:
    """The same content gives the same splits however it is listed."""
    shuffled = list(found)
    order.shuffle(shuffled)
    first = dict(zip([unit.key for unit in found], assign(found, BOTH, 1), strict=True))
    assert dict(zip([unit.key for unit in shuffled], assign(shuffled, BOTH, 1), strict=True)) == first


@given(units)
def test_every_unit_goes_to_one_split_and_no_split_is_empty(found: list[Unit]) -> None:
    """A partition of what stays together."""
    assert set(assign(found, BOTH, 0)) == {"train", *BOTH}


@given(st.integers(0, 2**31 - 1))
def test_every_class_is_dealt_out_as_all_pictures_are(seed: int) -> None:
    """Rare and frequent classes, alone and together, within one picture of its share."""
    drawn = random.Random(seed)
    weights = [0.6, 0.3, 0.1, 0.03]
    found = [
        single(*[number for number, weight in enumerate(weights) if drawn.random() < weight], key=key)
        for key in range(400)
    ]
    chosen = assign(found, BOTH, seed)
    for number in range(len(weights)):
        pictures = Counter(split for unit, split in zip(found, chosen, strict=True) if number in unit.classes)
        for split in BOTH:
            assert abs(pictures[split] - 0.15 * pictures.total()) < 1


def test_a_rare_class_is_in_every_split() -> None:
    """Seven pictures of one class among a thousand: one in each missing split at least."""
    found = [single(*((0, 1) if key % 143 == 0 else (0,)), key=key) for key in range(1001)]
    chosen = assign(found, BOTH, 0)
    rare = Counter(split for unit, split in zip(found, chosen, strict=True) if 1 in unit.classes)
    assert min(rare[split] for split in ("train", *BOTH)) >= 1


def test_a_large_group_stays_in_training() -> None:
    """Half of all pictures in one group would fill a test split and more."""
    found = [Unit(b"large", 50, {0: 50}), *(single(0, key=key) for key in range(50))]
    chosen = assign(found, BOTH, 0)
    assert chosen[0] == "train"
    assert Counter(chosen)["test"] == 15


def test_another_seed_gives_another_split() -> None:
    """The seed decides, so that it can be changed."""
    found = [single(0, key=key) for key in range(40)]
    assert assign(found, ["test"], 0) != assign(found, ["test"], 1)


def test_too_few_pictures_are_refused() -> None:
    """Two cannot be trained on and held out twice."""
    with pytest.raises(SplitError, match="2 different pictures or groups are too few to take validation and test from"):
        assign([single(0, key=key) for key in range(2)], BOTH, 0)


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 3), max_size=3), min_size=3, max_size=6))
def test_every_class_is_in_every_split_wherever_that_is_possible_at_all(seen: list[set[int]]) -> None:
    """Every division of so few pictures is tried to know whether any has it."""
    found = [single(*classes, key=key) for key, classes in enumerate(seen)]

    def is_whole(chosen: Sequence[str]) -> bool:
        return all(
            {split for split, classes in zip(chosen, seen, strict=True) if number in classes} == {"train", *BOTH}
            for number in set().union(*seen)
        )

    possible = any(map(is_whole, itertools.product(["train", *BOTH], repeat=len(seen))))
    assert is_whole(assign(found, BOTH, 0)) == possible


def test_a_hundred_scarce_classes_are_in_every_split() -> None:
    """Four pictures show each, and each shows several."""
    drawn = random.Random(1)
    seen: list[set[int]] = [set() for _ in range(150)]
    for number in range(100):
        for at in drawn.sample(range(150), 4):
            seen[at].add(number)
    chosen = assign([single(*classes, key=key) for key, classes in enumerate(seen)], BOTH, 0)
    splits = [{chosen[at] for at, classes in enumerate(seen) if number in classes} for number in range(100)]
    assert all(len(found) == 3 for found in splits)


def test_a_class_of_one_picture_is_trained_on_and_one_of_two_measured_too() -> None:
    """What is not learned need not be measured."""
    found = [*(single(0, key=key) for key in range(20)), single(1, key=20), single(2, key=21), single(2, key=22)]
    chosen = assign(found, BOTH, 0)
    assert (chosen[20], sorted(chosen[21:])) == ("train", ["test", "train"])
