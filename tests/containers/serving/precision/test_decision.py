"""Which precision serves, in cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from containers.serving.precision.decision import (
    BOUND,
    ClassLead,
    Measured,
    Place,
    choose,
    explain,
    hidden_classes,
    publish_as,
    refuse,
)
from workflow.contract.scores import Lead

HERE = Place("Intel(R) Xeon(R) Processor", bfloat16=True)
WITHOUT = Place("AMD EPYC 7R32", bfloat16=False, instance="ml.g5.xlarge", endpoint="ml.c7i.xlarge")
F32 = Measured("f32", 60.0, 0.7)
BF16 = Measured("bf16", 17.0, 0.7, Lead(-0.0002, -0.0010, 0.0008))
INT8 = Measured("int8", 12.0, 0.7, Lead(-0.0015, -0.0040, 0.0010))


def test_the_fastest_serves_where_nothing_that_counts_is_lost() -> None:
    """int8 saves 29 % of bf16's time, and loses at most 0.0040."""
    assert choose([F32, BF16, INT8]) == "int8"
    assert explain([F32, BF16, INT8], HERE) == "takes 20% of the time of f32 and loses at most 0.0040"


@pytest.mark.parametrize(
    ("milliseconds", "chosen"),
    [(15.4, "bf16"), (15.3, "int8"), (17.0, "bf16"), (25.0, "bf16")],
)
def test_the_more_exact_one_stays_unless_a_tenth_of_its_time_is_saved(milliseconds: float, chosen: str) -> None:
    """Of 17.0 ms that is 15.3 ms: below it noise in the times would choose."""
    assert choose([F32, BF16, replace(INT8, milliseconds=milliseconds)]) == chosen


def test_one_that_may_not_serve_leaves_its_place_to_the_next_more_exact() -> None:
    """And a refused bf16 does not stand in the way of int8, which then has to beat f32 alone."""
    poor = Lead(-0.0080, -0.0120, -0.0030)
    assert choose([F32, BF16, replace(INT8, lead=poor)]) == "bf16"
    assert choose([F32, replace(BF16, lead=poor), replace(INT8, milliseconds=54.0)]) == "int8"
    assert choose([F32, replace(BF16, lead=poor), replace(INT8, milliseconds=54.1)]) == "f32"


@pytest.mark.parametrize(
    ("lead", "said"),
    [
        pytest.param(Lead(0.0, -BOUND, 0.004), "", id="at the bound"),
        pytest.param(Lead(-0.0049, -0.005, -0.0048), "", id="a sure loss within the bound"),
        pytest.param(Lead(0.002, -0.0051, 0.009), "may lose 0.0051, more than 0.005", id="better, and not surely"),
        pytest.param(Lead(-0.02, -0.03, -0.01), "may lose 0.0300, more than 0.005", id="worse"),
        pytest.param(Lead(0.01, None, None), "too few pictures to tell what it loses", id="fewer than eight"),
    ],
)
def test_the_interval_decides_and_not_the_lead(lead: Lead, said: str) -> None:
    """What is not shown to lose at most 0.005 is taken to lose more."""
    assert refuse(replace(INT8, lead=lead), F32) == said


def test_a_network_that_finds_nothing_shows_no_loss() -> None:
    """All three score 0 alike, which proves nothing of the next training on more data."""
    idle = [replace(one, quality=0.05) for one in (F32, BF16, INT8)]
    assert refuse(idle[2], idle[0]) == "f32 finds too little to tell what it loses"
    assert choose(idle) == "f32"


def of_class(name: str, exact: float, value: float, low: float | None = None, high: float | None = None) -> ClassLead:
    """A class of a candidate."""
    return ClassLead(name, exact, Lead(value, low, high))


@pytest.mark.parametrize(
    ("one", "hidden"),
    [
        pytest.param(of_class("a", 0.80, -0.06, -0.09, -0.01), True, id="falls, surely"),
        pytest.param(of_class("a", 0.80, -0.06, -0.14, 0.02), False, id="falls, perhaps by chance"),
        pytest.param(of_class("a", 0.80, -0.04, -0.06, -0.02), False, id="falls a little, surely"),
        pytest.param(of_class("a", 0.80, -0.41), True, id="vanishes from its few pictures"),
        pytest.param(of_class("a", 0.80, -0.39), False, id="on few pictures, more than half is left"),
        pytest.param(of_class("a", 0.12, -0.07, -0.15, 0.01), True, id="less than half is left of little"),
        pytest.param(of_class("a", 0.09, -0.09, -0.09, -0.09), False, id="f32 hardly finds it"),
    ],
)
def test_no_class_that_is_found_is_hidden_by_the_mean(one: ClassLead, hidden: bool) -> None:
    """Whatever the mean over eighty classes says."""
    assert hidden_classes([of_class("b", 0.9, 0.01, 0.0, 0.02), one]) == (["a"] if hidden else [])
    assert refuse(replace(INT8, classes=(one,)), F32) == ("loses too much of a" if hidden else "")


def test_hidden_classes_are_told_by_what_they_lose() -> None:
    """The worst first."""
    both = [of_class("a", 0.8, -0.5), of_class("b", 0.8, -0.7)]
    assert refuse(replace(INT8, classes=tuple(both)), F32) == "loses too much of b, a"


def test_floats_are_published_as_bf16_for_an_endpoint_that_has_it() -> None:
    """Where they were measured both are one computation; on an endpoint without bfloat16 they stay f32."""
    assert publish_as("f32", WITHOUT) == "bf16"
    assert publish_as("int8", WITHOUT) == "int8"
    assert publish_as("f32", replace(WITHOUT, endpoint="ml.c6i.xlarge")) == "f32"
    assert publish_as("f32", replace(WITHOUT, bfloat16=True)) == "f32"
    assert publish_as("f32", replace(WITHOUT, endpoint="")) == "f32"


def test_the_reason_says_where_the_times_were_measured() -> None:
    """Another family of instances has another processor; on the same one there is nothing to say."""
    said = explain([F32, replace(INT8, milliseconds=30.0)], WITHOUT)
    assert said == (
        "takes 50% of the time of f32 and loses at most 0.0040; "
        "bf16 is no candidate: this processor has no bfloat16; "
        "times are this processor's, an ml.g5.xlarge's; ml.c7i.xlarge has another"
    )
    assert "published as bf16: this processor has no bfloat16, ml.c7i.xlarge has" in explain([F32], WITHOUT)
    near = Place("Intel(R) Xeon(R)", bfloat16=True, instance="ml.c7i.2xlarge", endpoint="ml.c7i.xlarge")
    assert explain([F32], near) == "no other is faster by a tenth and surely as good"
