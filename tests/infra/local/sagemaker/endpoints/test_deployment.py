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
        {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 300}, TerminationWaitInSeconds=60
    )
    config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": "5xx"}, {"AlarmName": "latency"}]}
    assert plan(config, 4) == Plan([Shift(0.25, 300.0)], 60.0, ["5xx", "latency"])


def test_linear_steps_stop_before_the_whole() -> None:
    """The last step is the switch itself."""
    size = {"Type": "INSTANCE_COUNT", "Value": 1}
    config = blue_green({"Type": "LINEAR", "LinearStepSize": size, "WaitIntervalInSeconds": 10})
    assert [shift.share for shift in plan(config, 4).shifts] == [0.25, 0.5, 0.75]


def test_rolling_updates_are_refused() -> None:
    """They are lacking, so they are not silently something else."""
    with pytest.raises(ServiceError, match="rolling updates"):
        plan({"RollingUpdatePolicy": {}}, 1)


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
