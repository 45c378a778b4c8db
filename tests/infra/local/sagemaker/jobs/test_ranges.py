"""Hyperparameters are drawn from their ranges."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from infra.local.sagemaker.jobs.ranges import axes, values
from infra.local.sagemaker.jobs.search import anywhere

RANGES = {
    "ContinuousParameterRanges": [
        {"Name": "linear", "MinValue": "0.1", "MaxValue": "0.9", "ScalingType": "Linear"},
        {"Name": "log", "MinValue": "1e-5", "MaxValue": "1e-1", "ScalingType": "Logarithmic"},
        {"Name": "reverse", "MinValue": "0.9", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"},
    ],
    "IntegerParameterRanges": [
        {"Name": "whole", "MinValue": "1", "MaxValue": "4"},
        {"Name": "wholelog", "MinValue": "1", "MaxValue": "256", "ScalingType": "Logarithmic"},
    ],
    "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["SGD", "AdamW"]}],
}


def draw(random: Random) -> dict[str, str]:
    """One set of values."""
    along = axes(RANGES)
    return values(along, anywhere(along, random))


@given(st.integers(min_value=0, max_value=2**32))
def test_values_lie_in_their_ranges_and_are_strings(seed: int) -> None:
    """Whatever the generator, and the same generator gives the same values."""
    drawn = draw(Random(seed))
    assert all(isinstance(value, str) for value in drawn.values())
    assert 0.1 <= float(drawn["linear"]) <= 0.9
    assert 1e-5 <= float(drawn["log"]) <= 1e-1
    assert 0.9 <= float(drawn["reverse"]) <= 0.999
    assert 1 <= int(drawn["whole"]) <= 4
    assert 1 <= int(drawn["wholelog"]) <= 256
    assert drawn["optimizer"] in ("SGD", "AdamW")
    assert drawn == draw(Random(seed))


def test_a_logarithmic_range_is_drawn_evenly_over_its_decades() -> None:
    """Half of the values between 1e-5 and 1e-1 lie below 1e-3."""
    generator = Random(1)
    drawn = [float(draw(generator)["log"]) for _ in range(400)]
    assert 150 < sum(value < 1e-3 for value in drawn) < 250


def test_the_two_ends_of_an_axis_are_the_ends_of_its_range() -> None:
    """Whole numbers and choices included."""
    along = axes(RANGES)
    low, high = (values(along, {axis.name: end for axis in along}) for end in (0.0, 1.0))
    assert (low["whole"], low["wholelog"], low["optimizer"]) == ("1", "1", "SGD")
    assert (high["whole"], high["wholelog"], high["optimizer"]) == ("4", "256", "AdamW")
    assert (float(low["reverse"]), float(high["reverse"])) == (0.9, 0.999)
