"""How missing splits are made."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.training.splits import SplitError, assign


def test_a_hundred_images_are_split_seventy_fifteen_fifteen() -> None:
    """Both missing splits get fifteen of a hundred."""
    chosen = assign([f"{index}" for index in range(100)], ["validation", "test"], "0")
    assert Counter(chosen.values()) == {"train": 70, "validation": 15, "test": 15}


@given(st.sets(st.text(min_size=1), min_size=3, max_size=40), st.randoms())
def test_the_order_of_files_changes_nothing(digests: set[str], random: st.DataObject) -> None:
    """The same images give the same splits however they are listed."""
    shuffled = sorted(digests)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert assign(shuffled, ["test"], "1") == assign(sorted(digests), ["test"], "1")


def test_another_seed_gives_another_split() -> None:
    """The seed decides, so that it can be changed."""
    digests = [f"{index}" for index in range(40)]
    assert assign(digests, ["test"], "0") != assign(digests, ["test"], "1")


def test_too_few_images_are_refused() -> None:
    """One image cannot be trained on and held out."""
    with pytest.raises(SplitError, match="2 different images are too few"):
        assign(["a", "b", "a"], ["validation", "test"], "0")
