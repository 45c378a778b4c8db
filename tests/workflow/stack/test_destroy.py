"""What the removal of a project takes with it beside its stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import ServiceError
from workflow.stack.destroy import destroy, remove_alarms, stop_executions
from workflow.stack.outputs import Place
from workflow.stack.shared_endpoint import remove_component

MINE = "greenlight-production-v4-1a2b3c4d-errors"


def test_alarms_of_stopped_releases_go_and_no_others() -> None:
    """The stack's own go with the stack; another project's name may begin like this one's."""
    names = [MINE, "greenlight-production-v2-production-5xx", "greenlight-production-v4-1a2b3c4d-by-hand"]
    listed = {"MetricAlarms": [{"AlarmName": name} for name in names]}
    cloud = ScriptedCloud({"describe_alarms": listed, "delete_alarms": {}})
    told: list[str] = []
    remove_alarms(cloud, "greenlight", lambda step: told.append(step.resource))
    assert cloud.asked == [
        ("describe_alarms", {"AlarmNamePrefix": "greenlight-production-v"}),
        ("delete_alarms", {"AlarmNames": [MINE]}),
    ]
    assert told == [MINE]


def test_nothing_that_runs_outlives_the_machine_that_started_it() -> None:
    """A batch may have days before it, and goes on at SageMaker whether its machine is there or not."""
    missing = ServiceError("StateMachineDoesNotExist", "none")

    def running(asked: dict[str, Any]) -> dict[str, Any]:
        machine = asked["stateMachineArn"].rpartition(":")[2]
        if machine == "greenlight-challenge":
            raise missing
        return {"executions": [{"executionArn": f"arn:{machine}", "name": machine}]}

    cloud = ScriptedCloud({"list_executions": running, "stop_execution": {}})
    stop_executions(cloud, "greenlight", Place("1", "us-east-1", "aws"), lambda _: None)
    stopped = [asked["executionArn"] for operation, asked in cloud.asked if operation == "stop_execution"]
    assert stopped == [f"arn:greenlight-{name}" for name in ("build", "release", "stage", "batch", "drift")]


def test_endpoints_go_though_the_stack_and_its_buckets_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack holds them: they are paid for until somebody deletes them by name."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    there = {"greenlight-production"}

    def describe(given: dict[str, Any]) -> dict[str, Any]:
        if given["EndpointName"] not in there:
            raise ServiceError("ValidationException", f"Could not find endpoint {given['EndpointName']}")
        return {}

    def delete(given: dict[str, Any]) -> dict[str, Any]:
        there.remove(given["EndpointName"])
        return {}

    lists = ("list_endpoint_configs", "list_models", "describe_alarms", "list_model_packages", "delete_log_group")
    cloud = ScriptedCloud(
        {
            "get_caller_identity": {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"},
            "describe_stacks": ServiceError("ValidationError", "Stack with id greenlight does not exist"),
            "head_bucket": ServiceError("404", "Not Found"),
            "describe_endpoint": describe,
            "delete_endpoint": delete,
            **{name: {} for name in lists},
        }
    )
    assert destroy("greenlight", cloud=cloud) == ""
    assert there == set()


@pytest.mark.parametrize("others", [[], [{"InferenceComponentName": "another-production"}]], ids=["last", "not last"])
def test_a_component_leaves_its_shared_endpoint_and_the_last_one_takes_it_along(others: list[dict[str, str]]) -> None:
    """What other projects serve there stays, and so does the endpoint below them."""
    there = {"greenlight-production", "vision-shared"}

    def describe(name: str, given: dict[str, Any]) -> dict[str, Any]:
        if given[name] not in there:
            raise ServiceError("ValidationException", f"Could not find {given[name]}")
        return {"EndpointName": "vision-shared", "EndpointConfigName": "vision-shared-1"}

    def delete(name: str, given: dict[str, Any]) -> dict[str, Any]:
        there.remove(given[name])
        return {}

    cloud = ScriptedCloud(
        {
            "describe_inference_component": lambda given: describe("InferenceComponentName", given),
            "delete_inference_component": lambda given: delete("InferenceComponentName", given),
            "list_inference_components": {"InferenceComponents": others},
            "describe_endpoint": lambda given: describe("EndpointName", given),
            "delete_endpoint": lambda given: delete("EndpointName", given),
            "delete_endpoint_config": {},
        }
    )
    remove_component(cloud, "greenlight", lambda _: None)
    assert there == ({"vision-shared"} if others else set())
    assert ("list_inference_components", {"EndpointNameEquals": "vision-shared"}) in cloud.asked
