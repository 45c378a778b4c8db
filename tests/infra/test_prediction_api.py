"""What the template promises of the API in front of production, read from the template itself."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from tests.infra import template as read
from tests.infra.template import Json

SHOWN = ("PredictionRestApi", "PredictionResource", "PredictionMethod", "FeedbackResource", "FeedbackMethod")
"""What a deployment of the API is a picture of."""
NAME = "X-Amzn-SageMaker-Custom-Attributes"
"""The header in which an answer says what it is called, where it is no JSON."""
HEADERS = ("Accept", "Content-Type", NAME, "X-Amzn-SageMaker-Inference-Id")


@pytest.fixture(scope="module")
def template() -> Json:
    """The template."""
    return read.load()


@pytest.fixture(scope="module")
def method(template: Json) -> Json:
    """The method that asks production."""
    properties: Json = template["Resources"]["PredictionMethod"]["Properties"]
    return properties


def answered(method: Json, status: int) -> int:
    """The status a caller sees for one of the endpoint's, as API Gateway chooses: by whole match, else the default."""
    responses = method["Integration"]["IntegrationResponses"]
    chosen = [one for one in responses if re.fullmatch(one.get("SelectionPattern", "^$"), str(status))]
    assert len(chosen) <= 1, "API Gateway promises no order where two patterns match"
    (default,) = (one for one in responses if "SelectionPattern" not in one)
    return int((chosen or [default])[0]["StatusCode"])


def test_nothing_of_it_is_made_unless_somebody_asks(template: Json) -> None:
    """The parameter is off, and every resource and every output of the API waits for it."""
    assert template["Parameters"]["PredictionApi"]["Default"] == "none"
    parts = [
        item
        for section in ("Resources", "Outputs")
        for name, item in template[section].items()
        if name.startswith(("Prediction", "FeedbackUrl", "FeedbackApi"))
        or item.get("Type", "").startswith("AWS::ApiGateway::")
    ]
    assert len(parts) >= 14
    assert {item.get("Condition") for item in parts} == {"HasApi", "HasApiForIam", "HasApiWithKey", "HasApiLog"}


def test_nobody_asks_without_a_signature_or_a_key(template: Json, method: Json) -> None:
    """Each of the two ways in closes the other one's door, and there is no third way in and no other method."""
    assert template["Parameters"]["PredictionApi"]["AllowedValues"] == ["none", "iam", "key"]
    methods = read.of_type(template, "AWS::ApiGateway::Method")
    assert set(methods) == {"PredictionMethod", "FeedbackMethod"}
    for one in methods.values():
        assert one["AuthorizationType"] == {"Fn::If": ["HasApiForIam", "AWS_IAM", "NONE"]}
        assert one["ApiKeyRequired"] == {"Fn::If": ["HasApiWithKey", True, False]}
        assert one["HttpMethod"] == "POST"


def test_the_api_alone_calls_the_function_that_takes_feedback(template: Json) -> None:
    """By this one method of this one API."""
    permission = template["Resources"]["FeedbackApiPermission"]["Properties"]
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${PredictionRestApi}/*/POST/feedback")
    integration = template["Resources"]["FeedbackMethod"]["Properties"]["Integration"]
    assert integration["Type"] == "AWS_PROXY"
    assert "/functions/${TakeFeedbackFunction.Arn}/invocations" in integration["Uri"]["Fn::Sub"]


def test_the_api_may_ask_production_and_nothing_else(template: Json, method: Json) -> None:
    """One action on one endpoint, which is the one the method asks; or on the project's component of a shared one."""
    (grant,) = (grant for grant in read.grants(template) if grant.role == "PredictionApiRole")
    assert grant.actions == ["sagemaker:InvokeEndpoint"]
    (choice,) = grant.resources
    where, shared, own = choice["Fn::If"]
    assert where == "HasSharedEndpoint"
    assert own["Fn::Sub"].endswith(":endpoint/${Project}-production")
    ends = [one["Fn::Sub"].rpartition(":")[2] for one in shared]
    assert ends == ["endpoint/${SharedEndpoint}", "inference-component/${Project}-production"]
    text, asked = method["Integration"]["Uri"]["Fn::Sub"]
    assert text.endswith("path/endpoints/${Endpoint}/invocations")
    named = {"Fn::If": [where, {"Ref": "SharedEndpoint"}, {"Fn::Sub": "${Project}-production"}]}
    assert asked == {"Endpoint": named}
    assert method["Integration"]["Credentials"] == {"Fn::GetAtt": ["PredictionApiRole", "Arn"]}


def test_pictures_pass_as_they_are(template: Json, method: Json) -> None:
    """Every type is bytes, no template touches a body, and what is asked for beside the picture passes too."""
    assert template["Resources"]["PredictionRestApi"]["Properties"]["BinaryMediaTypes"] == ["*/*"]
    integration = method["Integration"]
    assert "RequestTemplates" not in integration
    passed = {f"integration.request.header.{name}": f"method.request.header.{name}" for name in HEADERS}
    component = {"Fn::If": ["HasSharedEndpoint", {"Fn::Sub": "'${Project}-production'"}, {"Ref": "AWS::NoValue"}]}
    assert integration["RequestParameters"] == {
        **passed,
        "integration.request.header.X-Amzn-SageMaker-Inference-Component": component,
    }
    assert method["RequestParameters"] == {f"method.request.header.{name}": False for name in HEADERS}
    declared = {one["StatusCode"] for one in method["MethodResponses"]}
    for response in integration["IntegrationResponses"]:
        assert "ResponseTemplates" not in response
        assert response["ContentHandling"] == "CONVERT_TO_BINARY"
        told = ("Content-Type", NAME) if response["StatusCode"] == "200" else ("Content-Type",)
        assert response["ResponseParameters"] == {
            f"method.response.header.{name}": f"integration.response.header.{name}" for name in told
        }
        assert response["StatusCode"] in declared


@pytest.mark.parametrize(
    ("endpoint", "caller"),
    [(200, 200), (400, 400), (403, 502), (404, 502), (413, 413), (424, 424), (429, 429), (500, 502), (503, 503)],
)
def test_a_refusal_never_looks_like_an_answer(method: Json, endpoint: int, caller: int) -> None:
    """A caller's mistake stays a 4xx; what only the owner of the stack can mend, the role included, is a 5xx."""
    assert answered(method, endpoint) == caller


def test_every_status_of_an_error_is_chosen_by_one_pattern(method: Json) -> None:
    """None falls through to the 200 that stands for everything else."""
    assert all(answered(method, status) >= 400 for status in range(400, 600))


def test_a_changed_method_is_deployed(template: Json) -> None:
    """A deployment shows the API as it was when it was made, so its name ends in the digest of what it shows."""
    shown = json.dumps([template["Resources"][name]["Properties"] for name in SHOWN], sort_keys=True)
    digest = hashlib.sha256(shown.encode()).hexdigest()[:8]
    names = set(read.of_type(template, "AWS::ApiGateway::Deployment"))
    assert names == {f"PredictionDeploymentForIam{digest}", f"PredictionDeploymentWithKey{digest}"}
    stage = template["Resources"]["PredictionStage"]["Properties"]
    assert {choice["Ref"] for choice in stage["DeploymentId"]["Fn::If"][1:]} == names


def test_the_api_is_throttled_and_logs_no_body(template: Json) -> None:
    """Limits are parameters; the log has times and statuses, and neither a body nor a header nor a query."""
    (stage,) = read.of_type(template, "AWS::ApiGateway::Stage").values()
    (settings,) = stage["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "PredictionApiRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "PredictionApiBurst"}
    assert (settings["DataTraceEnabled"], settings["LoggingLevel"]) == (False, "OFF")
    condition, access, _ = stage["AccessLogSetting"]["Fn::If"]
    assert condition == "HasApiLog"
    assert template["Parameters"]["PredictionApiLog"]["Default"] == "DISABLED"
    line = json.loads(access["Format"])
    assert {"$context.status", "$context.responseLatency"} <= set(line.values())
    assert not re.search(r"input|header|query|body|path", access["Format"])


def test_a_server_error_of_the_api_is_told(template: Json) -> None:
    """To the topic that everyone subscribes to, from the very API and stage."""
    alarm = template["Resources"]["PredictionErrorsAlarm"]["Properties"]
    name = template["Resources"]["PredictionRestApi"]["Properties"]["Name"]
    assert {item["Name"]: item["Value"] for item in alarm["Dimensions"]} == {
        "ApiName": name,
        "Stage": {"Ref": "PredictionStage"},
    }
    assert alarm["AlarmActions"] == [{"Ref": "TroubleTopic"}]
