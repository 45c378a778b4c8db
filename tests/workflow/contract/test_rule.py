"""What a key of a run's input may hold, how it is read, and what is said of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.contract.rule import (
    InputError,
    Number,
    OneOf,
    Pattern,
    Patterns,
    Rule,
    Switch,
    Table,
    Whole,
    key,
    rules_of,
)


@dataclasses.dataclass(frozen=True)
class Base:
    """Keys that another dataclass takes over."""

    steps: int = key(Whole("how often", 32, 128, multiple=32), 64)


@dataclasses.dataclass(frozen=True)
class Keys(Base):
    """Keys of its own behind them."""

    name: str = dataclasses.field(metadata={"rule": Pattern("a small letter", "[a-z]")}, kw_only=True)
    words: Mapping[str, str] = key(Table("anything"), {})


def test_a_key_is_a_field_with_its_rule_and_its_default() -> None:
    """Those of a base come first."""
    assert list(rules_of(Keys)) == ["steps", "name", "words"]
    assert rules_of(Keys)["steps"] == Whole("how often", 32, 128, multiple=32)
    assert (Base.steps, Keys(name="a").steps) == (64, 64)


def test_two_inputs_share_no_table() -> None:
    """What one of them puts into it would appear in the other."""
    one, other = Keys(name="a"), Keys(name="b")
    assert one.words == other.words == {}
    assert one.words is not other.words


@pytest.mark.parametrize(
    ("rule", "good", "bad", "said"),
    [
        (Whole("", 1, 20), [1, 20, 5.0], [0, 21, 1.5, "1", True, None, 10**400], "a whole number from 1 to 20"),
        (Whole("", 32, 96, multiple=32), [32, 96], [33], "a whole number from 32 to 96 in steps of 32"),
        (Number("", 0, 60_000), [0, 0.5, 60_000], [-1, 60_000.1, math.nan, "1"], "a number from 0 to 60000"),
        (Number("", 0, 720, above=True), [0.001, 720], [0], "a number above 0 to 720"),
        (Switch(""), [True, False], [0, 1, "true"], "true or false"),
        (OneOf("", ("a", "b")), ["a"], ["c", 1, ["a"], None], "one of a, b"),
        (Pattern("a small letter", "[a-z]"), ["a"], ["", "ab", "a\n", 1], "a small letter"),
        (Patterns("small letters", "[a-z]"), [[], ["a", "b"]], ["a", ["ab"], [1], {}], "small letters"),
        (Table("an object"), [{}, {"a": 1}], [[], "a"], "an object"),
    ],
)
def test_a_value_is_read_or_refused_by_name_with_what_is_allowed(
    rule: Rule[Any], good: list[Any], bad: list[Any], said: str
) -> None:
    """False and an empty object are values too."""
    assert [rule.read("k", value) for value in good] == good
    for value in bad:
        with pytest.raises(InputError) as caught:
            rule.read("k", value)
        assert str(caught.value) == f"k = {value!r}: must be {said}"


@given(
    low=st.integers(-50, 50),
    width=st.integers(0, 100),
    multiple=st.integers(1, 5),
    above=st.booleans(),
    value=st.floats() | st.integers(-200, 200),
)
def test_a_number_is_taken_exactly_when_it_is_allowed(
    low: int, width: int, multiple: int, above: bool, value: float
) -> None:
    """Both ends included, ``above`` excluded, and a whole number comes back as one."""
    within = math.isfinite(value) and low <= value <= low + width
    rules: list[tuple[Rule[Any], bool, type]] = [
        (Number("", low, low + width, above), within and not (above and value == low), float),
        (Whole("", low, low + width, multiple), within and value == int(value) and not int(value) % multiple, int),
    ]
    for rule, allowed, kind in rules:
        if allowed:
            assert rule.read("k", value) == value
            assert type(rule.read("k", value)) is kind
        else:
            with pytest.raises(InputError, match=r"^k = "):
                rule.read("k", value)
