"""Draws hyperparameters from a tuning job's ranges. Pure: the same generator gives the same values."""

from __future__ import annotations

import math
from random import Random

from infra.local.sagemaker.store import Record


def draw(ranges: Record, random: Random) -> dict[str, str]:
    """One set of values, all strings as SageMaker hands them to a training job."""
    values: dict[str, str] = {}
    for item in ranges.get("ContinuousParameterRanges", []):
        low, high = float(item["MinValue"]), float(item["MaxValue"])
        values[item["Name"]] = repr(_scaled(low, high, item.get("ScalingType", "Auto"), random))
    for item in ranges.get("IntegerParameterRanges", []):
        whole_low, whole_high = int(item["MinValue"]), int(item["MaxValue"])
        if item.get("ScalingType") == "Logarithmic":
            # Half a step on either side gives the two ends the same chance as the others.
            drawn = round(_scaled(max(whole_low - 0.5, 0.5), whole_high + 0.5, "Logarithmic", random))
            values[item["Name"]] = str(min(max(drawn, whole_low), whole_high))
        else:
            values[item["Name"]] = str(random.randint(whole_low, whole_high))
    for item in ranges.get("CategoricalParameterRanges", []):
        values[item["Name"]] = random.choice(item["Values"])
    return values


def _scaled(low: float, high: float, scaling: str, random: Random) -> float:
    if scaling == "Logarithmic":
        return min(max(math.exp(random.uniform(math.log(low), math.log(high))), low), high)
    if scaling == "ReverseLogarithmic":
        return min(max(1 - math.exp(random.uniform(math.log(1 - high), math.log(1 - low))), low), high)
    return random.uniform(low, high)
