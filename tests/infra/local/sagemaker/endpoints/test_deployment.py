"""A deployment configuration says how traffic moves."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.endpoints.deployment import Plan, Shift, plan
from infra.local.sagemaker.errors import ServiceError


def blue_green(routing: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A blue/green deployment with some routing."""
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **more}}


def test_without_a_configuration_all_moves_at_once() -> None:
    """No share, no wait, no alarm."""
    assert plan(None, 2) == Plan()


def test_a_canary_gets_its_share_and_its_time() -> None:
    """The old containers stay for the termination wait, and the alarms are watched."""
    size = {"Type": "CAPACITY_PERCENT", "Value": 25}
    config = blue_green(
        {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 300},
        TerminationWaitInSeconds=60,
        MaximumExecutionTimeoutInSeconds=1800,
    )
    config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": "5xx"}, {"AlarmName": "latency"}]}
    assert plan(config, 4) == Plan([Shift(0.25, 300.0)], 60.0, ["5xx", "latency"], 1800.0)


def test_linear_steps_stop_before_the_whole() -> None:
    """The last step is the switch itself."""
    size = {"Type": "INSTANCE_COUNT", "Value": 1}
    config = blue_green({"Type": "LINEAR", "LinearStepSize": size, "WaitIntervalInSeconds": 10})
    assert [shift.share for shift in plan(config, 4).shifts] == [0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    ("size", "instances"),
    [
        ({"Type": "INSTANCE_COUNT", "Value": 1}, 1),
        ({"Type": "INSTANCE_COUNT", "Value": 2}, 3),
        ({"Type": "CAPACITY_PERCENT", "Value": 51}, 10),
    ],
)
def test_a_canary_of_more_than_half_is_refused(size: dict[str, Any], instances: int) -> None:
    """As UpdateEndpoint documents it; one instance has no half."""
    with pytest.raises(ServiceError, match="less than or equal to 50%"):
        plan(blue_green({"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 1}), instances)


PERCENT = {"Type": "CAPACITY_PERCENT", "Value": 20}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (blue_green({"Type": "CANARY", "WaitIntervalInSeconds": 1}), "CanarySize must be specified"),
        (blue_green({"Type": "LINEAR", "WaitIntervalInSeconds": 1}), "LinearStepSize must be specified"),
        (
            blue_green({"Type": "LINEAR", "LinearStepSize": PERCENT | {"Value": 9}, "WaitIntervalInSeconds": 1}),
            "must be 10-50%",
        ),
        (
            blue_green(
                {"Type": "LINEAR", "LinearStepSize": PERCENT, "WaitIntervalInSeconds": 120},
                TerminationWaitInSeconds=120,
                MaximumExecutionTimeoutInSeconds=600,
            ),
            "larger than the total waiting time .* which is 600",
        ),
        ({"AutoRollbackConfiguration": {"Alarms": [{}]}}, "must have an AlarmName"),
    ],
    ids=["no canary", "no step", "a small step", "longer waits than allowed", "an alarm without a name"],
)
def test_what_updateendpoint_does_not_allow_is_refused(config: dict[str, Any], said: str) -> None:
    """As AWS documents each member."""
    with pytest.raises(ServiceError, match=said):
        plan(config, 10)
