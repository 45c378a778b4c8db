"""What a function behind an HTTP API is told of a request, and who may ask it: as AWS has it, like a function URL."""

from __future__ import annotations

import json

import pytest

from tests.infra.local.machines import ROLE, Machines, zipped
from tests.infra.local.test_function_urls import ECHO, send, signed

API: dict[str, object] = {"ApiId": {"Ref": "Api"}}


@pytest.fixture(scope="module")
def address(machines: Machines) -> str:
    """An API whose every path answers what its function was told; `/signed` wants a signature."""
    function = machines.name("echo")
    made = machines.stand_in.client("lambda").create_function(
        FunctionName=function,
        Runtime="python3.12",
        Handler="index.handler",
        Role=ROLE,
        Code={"ZipFile": zipped({"index.py": ECHO})},
    )
    target = {"Fn::Sub": "integrations/${Call}"}
    call = {"IntegrationType": "AWS_PROXY", "IntegrationUri": made["FunctionArn"], "PayloadFormatVersion": "2.0"}
    resources = {
        "Api": ("Api", {"Name": function, "ProtocolType": "HTTP"}),
        "Stage": ("Stage", {**API, "StageName": "$default", "AutoDeploy": True}),
        "Call": ("Integration", {**API, **call}),
        "Open": ("Route", {**API, "RouteKey": "$default", "Target": target}),
        "Signed": ("Route", {**API, "RouteKey": "GET /signed", "AuthorizationType": "AWS_IAM", "Target": target}),
    }
    template = {
        "Resources": {
            name: {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": properties}
            for name, (kind, properties) in resources.items()
        },
        "Outputs": {"Address": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}},
    }
    stacks = machines.stand_in.client("cloudformation")
    stacks.create_stack(StackName=function, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    (stack,) = stacks.describe_stacks(StackName=function)["Stacks"]
    return str(stack["Outputs"][0]["OutputValue"])


def test_its_address_is_the_stand_ins_and_paths_begin_at_the_root(machines: Machines, address: str) -> None:
    """A browser finds no other name of this machine; the stage is no part of a path."""
    assert address.startswith(f"{machines.stand_in.url}/_aws/execute-api/")
    status, told, cookie = send(f"{address}/a/b?c=d", {"Cookie": "one=1; two=2"})
    assert (status, told["rawPath"], told["rawQueryString"]) == (200, "/a/b", "c=d")
    assert (told["cookies"], cookie) == (["one=1", "two=2"], "a=b; HttpOnly")
    assert "cookie" not in told["headers"]
    assert told["headers"]["x-forwarded-proto"] == "http"
    assert told["requestContext"]["http"]["method"] == "GET"
    assert "authorizer" not in told["requestContext"]


def test_a_route_that_asks_for_iam_says_who_signed(address: str) -> None:
    """The same member as at a function URL."""
    url = f"{address}/signed"
    status, told, _ = send(url, signed(url, "execute-api"))
    assert (status, told["requestContext"]["authorizer"]["iam"]["userArn"]) == (200, "arn:aws:iam::000000000000:root")


@pytest.mark.parametrize("service", ["", "lambda", "s3"])
def test_a_route_that_asks_for_iam_refuses_whoever_did_not_sign_for_it(address: str, service: str) -> None:
    """The function is not asked."""
    url = f"{address}/signed"
    assert send(url, signed(url, service) if service else {})[:2] == (403, {"message": "Forbidden"})
