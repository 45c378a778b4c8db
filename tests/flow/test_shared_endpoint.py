"""Production as an inference component of an endpoint that several projects share, with IAM enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.flow.clients import asking
from tests.flow.conftest import deployed
from tests.flow.driver import Flow
from tests.flow.test_prediction_api import Api, key_of
from workflow.clients import AwsCloud
from workflow.console.endpoints import find_component

SHARED = "vision-shared"
MINE, THEIRS = "greenlight-production", "another-production"


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A stack that shares an endpoint which is not there yet."""
    shared = {"parameters": {"SharedEndpoint": SHARED, "PredictionApi": "key"}}
    with deployed(tmp_path_factory.mktemp("state"), "--iam", prepare=lambda _: shared) as alone:
        yield alone


def served(flow: Flow, component: str = MINE) -> dict[str, Any]:
    """DescribeInferenceComponent's answer."""
    described: dict[str, Any] = flow.sagemaker.describe_inference_component(InferenceComponentName=component)
    return described


def recorded(flow: Flow) -> str:
    """What the table says that production is configured with."""
    table = flow.stand_in.client("dynamodb")
    item = table.get_item(TableName=flow.stack.table, Key={"id": {"S": "champion"}}, ConsistentRead=True)["Item"]
    return str(item["production_configuration"]["S"])


def ask(flow: Flow, **named: str) -> str:
    """The digest of the model that answers."""
    runtime = flow.stand_in.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=SHARED, ContentType="image/jpeg", Body=b"picture", **named)
    return str(json.loads(answer["Body"].read())["model_digest"])


def watch(flow: Flow) -> dict[str, Any]:
    """What the watch over production sees."""
    called = flow.stand_in.client("lambda").invoke(FunctionName="greenlight-watch-production", Payload=b"{}")
    answer: dict[str, Any] = json.loads(called["Payload"].read())
    return answer


def test_projects_release_side_by_side_on_one_endpoint(flow: Flow) -> None:
    """The first release makes the endpoint; a later one, and one that goes back, lose nobody's request.

    What somebody puts there beside the releases is told.
    """
    first = flow.build(flow.upload(), serve="shared")
    assert first.status == "SUCCEEDED", first.cause
    assert "Create production" not in first.states
    model = served(flow)["Specification"]["ModelName"]
    assert recorded(flow) == model
    assert watch(flow)["configuration"] == model
    flow.sagemaker.create_inference_component(
        InferenceComponentName=THEIRS,
        EndpointName=SHARED,
        Specification=served(flow)["Specification"],
        RuntimeConfig={"CopyCount": 1},
    )
    flow.wait_until(lambda: served(flow, THEIRS)["InferenceComponentStatus"] == "InService", "theirs does not serve")
    before = ask(flow, InferenceComponentName=MINE)
    assert json.loads(Api(flow.stack.prediction_url, key_of(flow, flow.stack)).ask()[2])["model_digest"] == before
    shown = find_component(AwsCloud(), "production", MINE, datetime.now(UTC))
    assert shown is not None
    assert (shown.name, shown.configuration) == (f"{MINE} on {SHARED}", model)
    with pytest.raises(ClientError, match="Inference Component Name header is required"):
        ask(flow)

    with asking(flow, MINE) as my_clients, asking(flow, THEIRS) as their_clients:
        second = flow.build(flow.upload(map50=0.91), serve="shared")
        assert second.status == "SUCCEEDED", second.cause
        after = ask(flow, InferenceComponentName=MINE)
        assert flow.build(flow.upload(behave="wrong-in-production"), serve="shared").status == "FAILED"
    releases = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn)["executions"]
    assert flow.end(releases[0]["executionArn"]).error == "Production.RolledBack"
    assert after != before
    assert my_clients.count()["lost"] == 0
    assert their_clients.count().keys() == {"right"}
    assert {one.model for one in their_clients.answers} == {before}
    assert ask(flow, InferenceComponentName=MINE) == after
    assert recorded(flow) == served(flow)["Specification"]["ModelName"]
    assert not watch(flow)["foreign"]

    flow.sagemaker.update_inference_component(
        InferenceComponentName=MINE, Specification={**served(flow)["Specification"], "ModelName": model}
    )
    flow.wait_until(lambda: served(flow)["Specification"]["ModelName"] == model, "nobody changed it")
    assert watch(flow) == {"configuration": model, "foreign": True, "told": True, "put_away": [], "withdrawal": ""}
