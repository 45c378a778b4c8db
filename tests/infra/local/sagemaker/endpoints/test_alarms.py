"""Alarms on an endpoint ring by its own invocations."""

from __future__ import annotations

import time
from typing import Any

import pytest

from infra.local.sagemaker.endpoints.alarms import Invocation, Observations, rings


def alarm(**members: Any) -> dict[str, Any]:
    """An alarm on server errors, as DescribeAlarms answers it."""
    return {
        "AlarmName": "production-5xx",
        "StateValue": "INSUFFICIENT_DATA",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocation5XXErrors",
        "Dimensions": [{"Name": "EndpointName", "Value": "production"}, {"Name": "VariantName", "Value": "main"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **members,
    }


def seen(*statuses: int, seconds: float = 0.1) -> list[Invocation]:
    """Invocations with these statuses."""
    return [Invocation(time.time(), status, seconds) for status in statuses]


@pytest.mark.parametrize(
    ("change", "statuses", "ringing"),
    [
        ({}, (200, 500), True),
        ({}, (200, 404), False),
        ({}, (), False),
        ({"MetricName": "Invocation4XXErrors"}, (404,), True),
        ({"Statistic": "Average", "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold"}, (200, 500), False),
        ({"Statistic": "SampleCount", "Threshold": 2}, (200, 200), True),
        ({"MetricName": "SomethingElse"}, (500,), False),
    ],
)
def test_the_statistic_decides(change: dict[str, Any], statuses: tuple[int, ...], ringing: bool) -> None:
    """Metric, statistic, threshold and comparison all count; nothing seen never rings."""
    assert rings(alarm(**change), seen(*statuses)) is ringing


def test_a_percentile_of_the_latency_counts_microseconds() -> None:
    """p99 over a hundred quick answers and one slow one stays below the slow one's time."""
    slow = alarm(MetricName="ModelLatency", ExtendedStatistic="p99", Threshold=500_000)
    quick = seen(*[200] * 100) + seen(200, seconds=2)
    assert not rings(slow, quick)
    assert rings(slow, seen(200, seconds=2))


def test_another_endpoint_rings_nobody_s_alarm() -> None:
    """The dimensions of an alarm choose the invocations."""
    observations, now = Observations(), time.time()
    observations.add("staging", "main", "v1", 500, 0.1)
    assert observations.ringing([alarm()], now + 1) == []
    observations.add("production", "main", "v1", 500, 0.1)
    assert observations.ringing([alarm()], now + 1) == ["production-5xx"]


def test_an_alarm_on_a_component_hears_nothing_of_the_others_on_its_endpoint() -> None:
    """It names the component alone; and the endpoint's variant is not asked by who asks a component."""
    observations, now = Observations(), time.time()
    mine = alarm(AlarmName="mine", Dimensions=[{"Name": "InferenceComponentName", "Value": "mine"}])
    observations.add("production", "main", "model", 500, 0.1, "theirs")
    assert observations.ringing([mine, alarm()], now + 1) == []
    observations.add("production", "main", "model", 500, 0.1, "mine")
    assert observations.ringing([mine, alarm()], now + 1) == ["mine"]


def test_an_alarm_on_one_fleet_hears_nothing_of_the_other() -> None:
    """With the dimension EndpointConfigName; without it the alarm is on both."""
    observations, now = Observations(), time.time()
    observations.add("production", "main", "v1", 500, 0.1)
    fleet = {"Name": "EndpointConfigName", "Value": "v2"}
    new = alarm(AlarmName="new-fleet", Dimensions=[*alarm()["Dimensions"], fleet])
    assert observations.ringing([alarm(), new], now + 1) == ["production-5xx"]
    observations.add("production", "main", "v2", 500, 0.1)
    assert observations.ringing([new], now + 1) == ["new-fleet"]


def test_an_alarm_looks_back_as_long_as_its_periods() -> None:
    """Whoever answered then, before a deployment too; one that is in ALARM for another reason rings all the same."""
    observations, now = Observations(), time.time()
    observations.add("production", "main", "v1", 500, 0.1)
    assert observations.ringing([alarm()], now + 59) == ["production-5xx"]
    assert observations.ringing([alarm()], now + 61) == []
    assert observations.ringing([alarm(EvaluationPeriods=2)], now + 61) == ["production-5xx"]
    assert observations.ringing([alarm(StateValue="ALARM")], now + 61) == ["production-5xx"]


def test_where_waits_are_short_alarms_look_back_as_much_less() -> None:
    """Else a whole deployment would pass within the time of one old error; never less than a second."""
    observations, now = Observations(0.05), time.time()
    observations.add("production", "main", "v1", 500, 0.1)
    assert observations.ringing([alarm()], now + 2.5) == ["production-5xx"]
    assert observations.ringing([alarm()], now + 3.5) == []
    assert observations.ringing([alarm(Period=1)], now + 0.5) == ["production-5xx"]
