"""What the function asks of SageMaker and CloudWatch, and what it tells the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from lambdas.serve_component import handler as function
from tests.lambdas.conftest import Context
from tests.lambdas.plans import release_plan

SERVING = {"serve": "shared", "shared_cpus": 0.5, "shared_memory_mb": 1024, "shared_gpus": 0, "shared_copies": 2}
PLAN = release_plan(
    component="greenlight-production", production_endpoint="vision-shared", serving=SERVING, goes_back=False
).document()
SPECIFICATION = {
    "ModelName": "new",
    "ComputeResourceRequirements": {"NumberOfCpuCoresRequired": 0.5, "MinMemoryRequiredInMb": 1024},
}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:inference-component/greenlight-production"
ENDPOINT = {
    "EndpointName": "vision-shared",
    "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/vision-shared",
    "EndpointStatus": "InService",
    "CreationTime": 0,
    "LastModifiedTime": 0,
}


@pytest.fixture
def sagemaker() -> Iterator[Stubber]:
    """What SageMaker is asked, in this order."""
    with Stubber(function.sagemaker) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def cloudwatch() -> Iterator[Stubber]:
    """What CloudWatch is asked."""
    with Stubber(function.cloudwatch) as stub:
        yield stub
        stub.assert_no_pending_responses()


def event(**changes: Any) -> dict[str, Any]:
    """What the state passes on."""
    return {"plan": PLAN, "model": "new", "so_far": {"looks": 0, "begun": False}, **changes}


def there(stub: Stubber, model: str, copies: int = 2) -> None:
    """A component on an endpoint in service."""
    described = {
        "InferenceComponentName": "greenlight-production",
        "InferenceComponentArn": ARN,
        "EndpointName": "vision-shared",
        "EndpointArn": ENDPOINT["EndpointArn"],
        "CreationTime": 0,
        "LastModifiedTime": 0,
        "InferenceComponentStatus": "InService",
        "Specification": {"ModelName": model},
        "RuntimeConfig": {"DesiredCopyCount": copies},
    }
    stub.add_response("describe_inference_component", described)
    stub.add_response("describe_endpoint", ENDPOINT)


def missing(stub: Stubber, *calls: str) -> None:
    """Nothing of these is there."""
    for call in calls:
        stub.add_client_error(call, "ValidationException", "Could not find it")


def test_the_first_release_makes_an_endpoint_that_has_no_network_and_no_model(
    sagemaker: Stubber, context: Context
) -> None:
    """It is tagged as nobody's; one that another project has made at the same moment is as good."""
    missing(sagemaker, "describe_inference_component", "describe_endpoint")
    config = {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/vision-shared-1"}
    wanted = {
        "EndpointConfigName": ANY,
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/endpoints",
        "EnableNetworkIsolation": True,
        "ProductionVariants": ANY,
        "Tags": [{"Key": "shared-endpoint", "Value": "vision-shared"}],
    }
    sagemaker.add_response("create_endpoint_config", config, wanted)
    sagemaker.add_client_error("create_endpoint", "ValidationException", "Cannot create already existing endpoint")
    answer = function.handler(event(), context)
    assert answer == {"name": "new", "ready": False, "looks": 1, "begun": False}


def test_a_component_is_created_with_what_its_copies_take(sagemaker: Stubber, context: Context) -> None:
    """And the next look knows that a change has begun."""
    missing(sagemaker, "describe_inference_component")
    sagemaker.add_response("describe_endpoint", ENDPOINT)
    wanted = {
        "InferenceComponentName": "greenlight-production",
        "EndpointName": "vision-shared",
        "VariantName": "main",
        "Specification": SPECIFICATION,
        "RuntimeConfig": {"CopyCount": 2},
        "Tags": ANY,
    }
    sagemaker.add_response("create_inference_component", {"InferenceComponentArn": ARN}, wanted)
    assert function.handler(event(), context)["begun"]


@pytest.mark.parametrize(
    ("copies", "back", "deployment", "watched"),
    [(4, False, {"COPY_COUNT": 2}, True), (4, True, {"COPY_COUNT": 2}, False), (1, False, {}, False)],
    ids=["watched", "back", "one copy"],
)
def test_an_update_replaces_half_of_the_copies_at_most_and_only_the_way_forward_is_watched(
    sagemaker: Stubber,
    cloudwatch: Stubber,
    context: Context,
    copies: int,
    back: bool,
    deployment: dict[str, int],
    watched: bool,
) -> None:
    """Of a single copy there is no half."""
    there(sagemaker, "old", copies)
    asked: dict[str, Any] = {"InferenceComponentName": "greenlight-production", "Specification": SPECIFICATION}
    if deployment:
        asked["DeploymentConfig"] = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "COPY_COUNT", "Value": deployment["COPY_COUNT"]},
                "WaitIntervalInSeconds": 0 if back else 300,
                "MaximumExecutionTimeoutInSeconds": 1800,
            },
            **({"AutoRollbackConfiguration": ANY} if watched else {}),
        }
    for _ in range(2 * watched):
        cloudwatch.add_response("put_metric_alarm", {})
    sagemaker.add_response("update_inference_component", {"InferenceComponentArn": ARN}, asked)
    assert function.handler(event(back=back), context)["begun"]


def test_it_is_ready_once_it_serves_the_model_and_refused_once_an_update_was_taken_back(
    sagemaker: Stubber, context: Context
) -> None:
    """The machine records the model's name as what production is configured with."""
    there(sagemaker, "new")
    assert function.handler(event(so_far={"looks": 4, "begun": True}), context) == {
        "name": "new",
        "ready": True,
        "looks": 5,
        "begun": True,
    }
    there(sagemaker, "old")
    with pytest.raises(function.ComponentNotServed, match="serves old and not new"):
        function.handler(event(so_far={"looks": 4, "begun": True}), context)


def test_a_stage_that_is_redriven_by_itself_changes_no_component(sagemaker: Stubber, context: Context) -> None:
    """Its release has gone on without it, and another may have come since."""
    there(sagemaker, "old")
    with pytest.raises(function.ComponentNotServed, match="no release waits for this any more"):
        function.handler(event(redriven=1), context)
    there(sagemaker, "new")
    assert function.handler(event(redriven=1), context)["ready"]
