"""What Application Auto Scaling and CloudWatch would be told of an asynchronous endpoint is what they take."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.validate import ParamValidator

from workflow.contract.autoscaling import place
from workflow.contract.scale_to_zero import scale_to_zero

pytestmark = pytest.mark.fast
TOLD = scale_to_zero(3, 5.0, "greenlight-production", place("greenlight-production", "main"))


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("application-autoscaling", "RegisterScalableTarget", TOLD["target"]),
        *(("application-autoscaling", "PutScalingPolicy", policy) for policy in TOLD["policies"]),
        ("cloudwatch", "PutMetricAlarm", TOLD["alarm"]),
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


def test_a_fleet_shrinks_to_none_and_leaves_it_as_soon_as_somebody_waits() -> None:
    """At no instance there is no backlog of each: another figure says that one is wanted."""
    assert (TOLD["target"]["MinCapacity"], TOLD["target"]["MaxCapacity"]) == (0, 3)
    tracked = TOLD["policies"][0]["TargetTrackingScalingPolicyConfiguration"]
    assert tracked["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert TOLD["alarm"]["MetricName"] == "HasBacklogWithoutCapacity"
