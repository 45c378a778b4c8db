"""How an asynchronous endpoint grows with its queue and shrinks to no instance: what Application Auto Scaling is told.

From SageMaker's guide, "Autoscale an asynchronous endpoint".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def scale_to_zero(
    backlog: float, endpoint: str, place: Mapping[str, str], *, out_seconds: int, in_seconds: int
) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any]]:
    """What Application Auto Scaling is told of a fleet, which it calls by its ``place``: the policies and an alarm.

    ``out_seconds`` and ``in_seconds`` are how long a growth is waited for before the next, and a change before the
    fleet shrinks.

    From one instance on the backlog of each is tracked. At none there is no such figure, so what leaves that state is a
    step of its own, taken as soon as something waits (``HasBacklogWithoutCapacity``): without it the first request
    would wait until as many wait as the tracked backlog says. Both as SageMaker's guide gives them. The alarm is
    PutMetricAlarm's, which takes the step; its AlarmActions is the ARN that PutScalingPolicy answers.
    """
    dimensions = [{"Name": "EndpointName", "Value": endpoint}]
    tracking = {
        "TargetValue": backlog,
        "CustomizedMetricSpecification": {
            "Namespace": "AWS/SageMaker",
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Dimensions": dimensions,
            "Statistic": "Average",
        },
        "ScaleInCooldown": in_seconds,
        "ScaleOutCooldown": out_seconds,
    }
    first = {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": out_seconds,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    policies = (
        {
            **place,
            "PolicyName": f"{endpoint}-backlog",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": tracking,
        },
        {
            **place,
            "PolicyName": f"{endpoint}-first-instance",
            "PolicyType": "StepScaling",
            "StepScalingPolicyConfiguration": first,
        },
    )
    alarm = {
        "AlarmName": f"{endpoint}-first-instance",
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": dimensions,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
    }
    return policies, alarm
