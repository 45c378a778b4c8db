"""Which patterns may find the group of a picture."""

from __future__ import annotations

import pytest

from workflow.contract.group_pattern import check_pattern, find_repeated
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput


@pytest.mark.parametrize(
    ("pattern", "repeated"),
    [
        ("(a+)+$", "(a+)+"),
        (r"(\w*)*_", r"(\w*)*"),
        ("((?:a|aa)+)$", "(?:a|aa)+"),
        ("(?:(a?b)c){3,}", "(?:(a?b)c){3,}"),
        ("(?:a*){20}(b)", "(?:a*){20}"),
        ("(?P<series>(?:[^/]+/)+)x", "(?:[^/]+/)+"),
        ("(a)(?:b{1,2}?)+?", "(?:b{1,2}?)+?"),
        ("(?:(?:x{,3}))*(a)", "(?:(?:x{,3}))*"),
    ],
)
def test_a_pattern_that_repeats_a_repeat_is_refused_with_the_part_that_does(pattern: str, repeated: str) -> None:
    """It would hang the preparation, which is paid for by then."""
    assert find_repeated(pattern) == repeated
    with pytest.raises(InputError) as caught:
        RunInput.parse({"dataset": "s3://bucket/data", "group_pattern": pattern}, {})
    assert f"{repeated!r} repeats a part that itself holds a repeat or a choice" in str(caught.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        r"(s\d)_",
        r"^images/([^/]+)/frame_\d+\.jpg$",
        r"(.*)-\d+-\d+\.png",
        r"(?i)(?P<series>cam[0-9]{2})_",
        r"([a-z]{4})(?:_\d{2})+",
        r"(a+|b+)?c",
        r"[(+]*(x)[])*|]+",
        r"\((a)\)+\|*",
        r"(?:^|/)(series\d+)(?=_)",
    ],
)
def test_a_pattern_that_repeats_single_characters_and_fixed_parts_is_taken(pattern: str) -> None:
    """Also where brackets and bars are characters, not parts of the pattern."""
    check_pattern(pattern)
