"""What a search varies, as SageMaker takes it."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.plan_run.ranges import DEFAULT, render_ranges
from workflow.contract.rule import InputError


def test_the_kind_of_an_argument_decides_the_kind_of_its_range() -> None:
    """Numbers, whole numbers and choices; ends and values are texts."""
    ranges = render_ranges(
        {
            "lr0": {"min": 0.0001, "max": 0.01, "scaling": "Logarithmic"},
            "box": {"min": 5, "max": 10},
            "freeze": {"min": 0, "max": 10, "scaling": "Linear"},
            "optimizer": {"values": ["SGD", "AdamW"]},
            "mosaic": {"values": [0, 1.0]},
            "cos_lr": {"values": [True, False]},
        }
    )
    assert ranges == {
        "ContinuousParameterRanges": [
            {"Name": "lr0", "MinValue": "0.0001", "MaxValue": "0.01", "ScalingType": "Logarithmic"},
            {"Name": "box", "MinValue": "5.0", "MaxValue": "10.0", "ScalingType": "Auto"},
        ],
        "IntegerParameterRanges": [{"Name": "freeze", "MinValue": "0", "MaxValue": "10", "ScalingType": "Linear"}],
        "CategoricalParameterRanges": [
            {"Name": "optimizer", "Values": ["SGD", "AdamW"]},
            {"Name": "mosaic", "Values": ["0", "1.0"]},
            {"Name": "cos_lr", "Values": ["true", "false"]},
        ],
    }


def test_the_ranges_of_a_search_that_names_none_are_sound() -> None:
    """They pass their own check."""
    assert len(render_ranges(DEFAULT)["ContinuousParameterRanges"]) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": {"values": [3, 5]}}, r"tuning_ranges\.epochs: no training argument a search may vary"),
        ({"learning": {"min": 0, "max": 1}}, r"tuning_ranges\.learning: no training argument"),
        ({"lr0": 0.1}, r"tuning_ranges\.lr0 = 0\.1: must be \{'values': \[…\]\} or \{'min'"),
        ({"lr0": {"min": 0.1}}, "must be"),
        ({"lr0": {"min": 0.1, "max": 0.2, "step": 2}}, "must be"),
        ({"lr0": {"min": 0.1, "max": 0.2, "values": [0.1]}}, "must be"),
        ({"lr0": {"min": 0.2, "max": 0.1}}, "min 0.2 is not below max 0.1"),
        ({"lr0": {"min": 0.1, "max": 1.5}}, "lr0 = '1.5': must be a number from 0 to 1"),
        ({"box": {"min": 1, "max": 2000}}, "box = '2000': must be a number from 0 to 1000"),
        ({"lr0": {"min": "0.1", "max": 0.2}}, "min and max must be numbers"),
        ({"lr0": {"min": True, "max": 0.2}}, "min and max must be numbers"),
        ({"lr0": {"min": 0, "max": 0.2, "scaling": "Logarithmic"}}, "starts above 0"),
        ({"lr0": {"min": 0.1, "max": 0.2, "scaling": "Cubic"}}, "must be one of Auto, Linear, Logarithmic"),
        ({"freeze": {"min": 0.5, "max": 3}}, "a whole number"),
        ({"optimizer": {"min": 0, "max": 1}}, r"must be \{'values': \[…\]\}$"),
        ({"optimizer": {"values": ["SGD", "Best"]}}, "optimizer = 'Best': must be one of auto, SGD"),
        ({"optimizer": {"values": ["SGD"]}}, "a list of 2 to 30 values"),
        ({"optimizer": {"values": "SGD"}}, "a list of 2 to 30 values"),
        ({"optimizer": {"values": [["SGD"], "Adam"]}}, "numbers, texts, true or false"),
    ],
    ids=str,
)
def test_a_range_that_makes_no_sense_is_refused_in_words(given: dict[str, Any], said: str) -> None:
    """Before a search starts trainings that all fail."""
    with pytest.raises(InputError, match=said):
        render_ranges(given)


def test_more_than_sagemaker_varies_is_refused() -> None:
    """Its limit is 30."""
    with pytest.raises(InputError, match="varies 30 at most"):
        render_ranges({f"name{number}": {} for number in range(31)})
