"""Hyperparameters are drawn from their ranges."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from infra.local.sagemaker.ranges import draw

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


@given(st.integers(min_value=0, max_value=2**32))
def test_values_lie_in_their_ranges_and_are_strings(seed: int) -> None:
    """Whatever the generator, and the same generator gives the same values."""
    values = draw(RANGES, Random(seed))
    assert all(isinstance(value, str) for value in values.values())
    assert 0.1 <= float(values["linear"]) <= 0.9
    assert 1e-5 <= float(values["log"]) <= 1e-1
    assert 0.9 <= float(values["reverse"]) <= 0.999
    assert 1 <= int(values["whole"]) <= 4
    assert 1 <= int(values["wholelog"]) <= 256
    assert values["optimizer"] in ("SGD", "AdamW")
    assert values == draw(RANGES, Random(seed))


def test_a_logarithmic_range_is_drawn_evenly_over_its_decades() -> None:
    """Half of the values between 1e-5 and 1e-1 lie below 1e-3."""
    generator = Random(1)
    drawn = [float(draw(RANGES, generator)["log"]) for _ in range(400)]
    assert 150 < sum(value < 1e-3 for value in drawn) < 250
