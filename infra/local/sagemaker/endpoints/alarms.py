"""What endpoints were asked, remembered long enough to tell whether an alarm on it would ring.

It judges alarms on SageMaker's own endpoint metrics by their own dimensions, statistic and threshold, over the time
that the alarm looks back: an endpoint that was ill a moment ago has tripped it, whichever fleet was, unless the alarm
names the fleet by its EndpointConfigName too. Alarms on other metrics are CloudWatch's own to judge. How it delays and
aligns its periods is not imitated: here an alarm rings as soon as its statistic crosses the threshold.
"""

from __future__ import annotations

import operator
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import Any

NAMESPACE = "AWS/SageMaker"
_VARIANT = {"EndpointName", "VariantName"}
_FLEET = _VARIANT | {"EndpointConfigName"}
_COMPONENT = {"InferenceComponentName"}
"""The dimensions that SageMaker counts an invocation by: it is in both."""
_KEY = ("EndpointName", "VariantName", "InferenceComponentName")
_MOST_KEPT = 10_000
_SHORTEST_LOOK_BACK_SECONDS = 1.0
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Invocation:
    """One request to one variant: when, with which status, how long, answered by the fleet of which configuration."""

    at: float
    status: int
    seconds: float
    configuration: str = ""


_METRICS: dict[str, Callable[[Invocation], float]] = {
    "Invocations": lambda seen: 1.0,
    "Invocation4XXErrors": lambda seen: float(400 <= seen.status < 500),
    "Invocation5XXErrors": lambda seen: float(seen.status >= 500),
    "ModelLatency": lambda seen: seen.seconds * 1_000_000,
}


class Observations:
    """The latest invocations of each variant of each endpoint.

    ``scale`` shortens how far alarms look back, as it shortens the waits of the deployments that they watch.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, ...], deque[Invocation]] = {}

    def add(
        self, endpoint: str, variant: str, configuration: str, status: int, seconds: float, component: str = ""
    ) -> None:
        """Remember one invocation: of a variant, or of a component, which is counted by its own name."""
        key = ("", "", component) if component else (endpoint, variant, "")
        with self._lock:
            seen = self._seen.setdefault(key, deque(maxlen=_MOST_KEPT))
            seen.append(Invocation(time.time(), status, seconds, configuration))

    def ringing(self, alarms: list[dict[str, Any]], now: float) -> list[str]:
        """The names of those alarms that ring on what has been seen until now.

        Alarms are given as DescribeAlarms answers them; one that is in ALARM for whatever reason rings too.
        """
        return [alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM" or self._rings(alarm, now)]

    def since(self, endpoint: str, variant: str, start: float) -> list[Invocation]:
        """The invocations of a variant since a time, in seconds since the epoch."""
        with self._lock:
            return [one for one in self._seen.get((endpoint, variant, ""), ()) if one.at >= start]

    def _rings(self, alarm: dict[str, Any], now: float) -> bool:
        dimensions = {item["Name"]: item["Value"] for item in alarm.get("Dimensions", [])}
        if alarm.get("Namespace") != NAMESPACE or set(dimensions) not in (_VARIANT, _FLEET, _COMPONENT):
            return False
        fleet = dimensions.get("EndpointConfigName")
        with self._lock:
            seen = list(self._seen.get(tuple(dimensions.get(name, "") for name in _KEY), ()))
        start = now - max(_SHORTEST_LOOK_BACK_SECONDS, alarm["Period"] * alarm["EvaluationPeriods"] * self._scale)
        recent = [one for one in seen if one.at >= start and fleet in (None, one.configuration)]
        return rings(alarm, recent)


def rings(alarm: dict[str, Any], seen: list[Invocation]) -> bool:
    """Whether an alarm's statistic over some invocations crosses its threshold; without any it does not."""
    measure, compare = _METRICS.get(alarm.get("MetricName", "")), _COMPARE.get(alarm.get("ComparisonOperator", ""))
    if not seen or measure is None or compare is None:
        return False
    values = [measure(invocation) for invocation in seen]
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    return compare(_statistic(statistic, values), alarm["Threshold"])


def _statistic(name: str, values: list[float]) -> float:
    match name:
        case "Sum":
            return sum(values)
        case "SampleCount":
            return float(len(values))
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
        case "Average":
            return fmean(values)
    if len(values) == 1:
        return values[0]
    # A percentile such as p99 or p99.9, in steps of a tenth.
    return quantiles(values, n=1000, method="inclusive")[min(998, round(float(name[1:]) * 10) - 1)]
