"""How an asynchronous endpoint grows with its queue and shrinks to no instance: what Application Auto Scaling is told.

From SageMaker's guide, "Autoscale an asynchronous endpoint".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCALE_IN_SECONDS = 600
"""How long a fleet stays after it grew before it shrinks: a start costs minutes."""
SCALE_OUT_SECONDS = 300
"""How long a growth is waited for before the next: as long as an instance starts."""


def scale_to_zero(maximum: int, backlog: float, endpoint: str, place: Mapping[str, str]) -> Mapping[str, Any]:
    """What Application Auto Scaling is told of a fleet, which it calls by its ``place``.

    The ``target`` to register, the ``policies`` and an ``alarm``.

    From one instance on the backlog of each is tracked. At none there is no such figure, so what leaves that state is a
    step of its own, taken as soon as something waits (``HasBacklogWithoutCapacity``): without it the first request
    would wait until as many wait as the tracked backlog says. Both as SageMaker's guide gives them. The ``alarm`` is
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
        "ScaleInCooldown": SCALE_IN_SECONDS,
        "ScaleOutCooldown": SCALE_OUT_SECONDS,
    }
    first = {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": SCALE_OUT_SECONDS,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    return {
        "target": {**place, "MinCapacity": 0, "MaxCapacity": maximum},
        "policies": [
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
        ],
        "alarm": {
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
        },
    }
