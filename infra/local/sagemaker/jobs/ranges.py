"""The hyperparameters that a tuning job varies, each as an axis from 0 to 1.

Whatever its kind and scaling, a search moves along axes; only here a place on one becomes the text that a training
job is given. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.sagemaker.store import Record

Point = dict[str, float]
"""A place in the search: from 0 to 1 for each hyperparameter."""


@dataclass(frozen=True)
class Axis:
    """One hyperparameter. ``text`` gives its value at a place from 0 to 1; ``choices`` is 0 where it is a number."""

    name: str
    text: Callable[[float], str]
    choices: int = 0


def axes(ranges: Record) -> list[Axis]:
    """An axis for every range of a tuning job's ParameterRanges."""
    continuous = [_continuous(item) for item in ranges.get("ContinuousParameterRanges", [])]
    whole = [_whole(item) for item in ranges.get("IntegerParameterRanges", [])]
    return continuous + whole + [_categorical(item) for item in ranges.get("CategoricalParameterRanges", [])]


def values(along: list[Axis], point: Point) -> dict[str, str]:
    """The hyperparameters at one place, all strings as SageMaker hands them to a training job."""
    return {axis.name: axis.text(point[axis.name]) for axis in along}


def _continuous(item: Record) -> Axis:
    low, high, scaling = float(item["MinValue"]), float(item["MaxValue"]), item.get("ScalingType", "Auto")
    return Axis(item["Name"], lambda place: repr(_scaled(low, high, scaling, place)))


def _whole(item: Record) -> Axis:
    low, high, scaling = int(item["MinValue"]), int(item["MaxValue"]), item.get("ScalingType", "Auto")

    def text(place: float) -> str:
        # Half a step on either side gives the two ends the same share as the others.
        start = max(low - 0.5, 0.5) if scaling == "Logarithmic" else low - 0.5
        return str(min(max(round(_scaled(start, high + 0.5, scaling, place)), low), high))

    return Axis(item["Name"], text)


def _categorical(item: Record) -> Axis:
    choices: list[str] = item["Values"]
    return Axis(item["Name"], lambda place: choices[min(int(place * len(choices)), len(choices) - 1)], len(choices))


def _scaled(low: float, high: float, scaling: str, place: float) -> float:
    if scaling == "Logarithmic":
        value = math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
    elif scaling == "ReverseLogarithmic":
        value = 1 - math.exp(math.log(1 - low) + place * (math.log(1 - high) - math.log(1 - low)))
    else:
        value = low + place * (high - low)
    return min(max(value, low), high)
