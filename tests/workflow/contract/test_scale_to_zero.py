"""What Application Auto Scaling and CloudWatch would be told of an asynchronous endpoint is what they take."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.validate import ParamValidator

from workflow.contract.autoscaling import place
from workflow.contract.scale_to_zero import scale_to_zero

pytestmark = pytest.mark.fast
HERE = place("greenlight-production", "main")
POLICIES, ALARM = scale_to_zero(5.0, "greenlight-production", HERE, out_seconds=60, in_seconds=900)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        *(("application-autoscaling", "PutScalingPolicy", policy) for policy in POLICIES),
        ("cloudwatch", "PutMetricAlarm", ALARM),
    ],
)
def test_each_request_is_one_that_the_service_takes(
    service: str, operation: str, parameters: dict[str, object]
) -> None:
    """By botocore's own description."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def test_a_fleet_leaves_no_instance_as_soon_as_somebody_waits() -> None:
    """At no instance there is no backlog of each: another figure says that one is wanted."""
    tracked, first = (
        POLICIES[0]["TargetTrackingScalingPolicyConfiguration"],
        POLICIES[1]["StepScalingPolicyConfiguration"],
    )
    assert tracked["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert ALARM["MetricName"] == "HasBacklogWithoutCapacity"
    assert (tracked["ScaleOutCooldown"], tracked["ScaleInCooldown"], first["Cooldown"]) == (60, 900, 60)
