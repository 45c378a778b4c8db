"""What CloudWatch counted of each variant since a challenge began: the queries, and how their answer is read. Pure.

SageMaker counts a variant's requests by EndpointName, VariantName and EndpointConfigName, the last of which leaves out
what the champion answered before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.compare_challenger.verdict import Side
from workflow.contract.challenge import CHALLENGER_VARIANT, CHAMPION_VARIANT

MINUTE = 60
_MOST_PERIODS = 240
_COUNTED = {"Invocations": "Sum", "Invocation4XXErrors": "Sum", "Invocation5XXErrors": "Sum", "ModelLatency": "p95"}


def queries(endpoint: str, configuration: str, seconds: float) -> list[dict[str, Any]]:
    """MetricDataQueries of both variants, in periods of whole minutes that are not too many."""
    period = MINUTE * max(1, math.ceil(seconds / MINUTE / _MOST_PERIODS))
    return [
        {
            "Id": f"{variant}_{name.lower()}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SageMaker",
                    "MetricName": name,
                    "Dimensions": [
                        {"Name": "EndpointName", "Value": endpoint},
                        {"Name": "VariantName", "Value": variant},
                        {"Name": "EndpointConfigName", "Value": configuration},
                    ],
                },
                "Period": period,
                "Stat": statistic,
            },
        }
        for variant in (CHAMPION_VARIANT, CHALLENGER_VARIANT)
        for name, statistic in _COUNTED.items()
    ]


def read_side(results: Sequence[Mapping[str, Any]], variant: str) -> Side:
    """One variant of GetMetricData's results. Its latency is the mean of its periods' p95, weighted by requests."""
    series: dict[str, dict[Any, float]] = {name: {} for name in _COUNTED}
    for result in results:
        for name in _COUNTED:
            if result["Id"] == f"{variant}_{name.lower()}":
                series[name].update(zip(result["Timestamps"], result["Values"], strict=True))
    asked = series["Invocations"]
    weighed = [(asked.get(at, 1.0), value) for at, value in series["ModelLatency"].items()]
    weight = sum(one for one, _ in weighed)
    return Side(
        requests=round(sum(asked.values())),
        refused=round(sum(series["Invocation4XXErrors"].values())),
        errors=round(sum(series["Invocation5XXErrors"].values())),
        latency=sum(one * value for one, value in weighed) / weight if weight else None,
    )
