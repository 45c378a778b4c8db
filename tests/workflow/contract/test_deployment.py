"""How production moves to another configuration."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from workflow.contract.deployment import at_once, watched


@pytest.mark.parametrize(("instances", "kind"), [(1, "ALL_AT_ONCE"), (2, "CANARY"), (9, "CANARY")])
def test_production_moves_to_a_new_version_through_a_canary_where_there_can_be_one(instances: int, kind: str) -> None:
    """A canary may take half of the fleet at most; without a wait the alarms would have nothing to watch."""
    routing = watched("greenlight-production-v1-00000000", instances)["BlueGreenUpdatePolicy"][
        "TrafficRoutingConfiguration"
    ]
    assert routing["Type"] == kind
    assert routing["WaitIntervalInSeconds"] > 0
    assert ("CanarySize" in routing) == (kind == "CANARY")
    if kind == "CANARY":
        assert routing["CanarySize"]["Value"] * 2 <= instances


def test_the_way_back_waits_for_nothing_and_nothing_can_refuse_it() -> None:
    """An alarm that the ill fleet has tripped would end the deployment that is to replace it."""
    assert at_once() == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": 1800,
        }
    }


@pytest.mark.parametrize(
    "deployment",
    [watched("greenlight-production-v1-00000000", 1), watched("greenlight-production-v1-00000000", 3), at_once()],
)
def test_sagemaker_takes_every_deployment(deployment: dict[str, Any]) -> None:
    """By its own model, and with a limit that is longer than all waits, as its documentation demands."""
    shape = botocore.session.get_session().get_service_model("sagemaker").shape_for("DeploymentConfig")
    report = ParamValidator().validate(deployment, shape)
    assert not report.has_errors(), report.generate_report()
    policy = deployment["BlueGreenUpdatePolicy"]
    waits = policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"] + policy["TerminationWaitInSeconds"]
    assert waits < policy["MaximumExecutionTimeoutInSeconds"]
