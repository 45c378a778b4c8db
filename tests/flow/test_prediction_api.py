"""The API in front of production, asked over HTTP: who gets in, what passes through, what comes back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.flow.driver import Flow
from tests.flow.test_production import in_alarm
from workflow.stack.deploy import deploy
from workflow.stack.outputs import Stack

PICTURE = b"\xff\xd8\xff\x00\x80picture\xfe\r\n\xc3("
"""Begins as a JPEG does, holds a zero, and is no UTF-8."""


@dataclass(frozen=True)
class Api:
    """The address of an API and the key to it, empty where none is sent."""

    url: str
    key: str = ""

    def ask(self, body: bytes = PICTURE, **headers: str) -> tuple[int, str, bytes]:
        """Status, type and body of the answer to a picture; ``headers`` replaces or adds some, by name."""
        sent = {"Content-Type": "image/jpeg", **({"X-Api-Key": self.key} if self.key else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url, data=body, headers=sent, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers["Content-Type"], refusal.read()


def switched(**parameters: str) -> Stack:
    """The stack with the API as these parameters say."""
    return deploy("greenlight", parameters=parameters)


def key_of(flow: Flow, stack: Stack) -> str:
    """The API key, as whoever deployed the stack looks it up."""
    found = flow.stand_in.client("apigateway").get_api_key(apiKey=stack.prediction_key_id, includeValue=True)
    return str(found["value"])


@pytest.fixture(scope="module")
def api(flow: Flow) -> Iterator[Api]:
    """The API with its key, in front of a production that serves."""
    flow.serving()
    stack = switched(PredictionApi="key")
    yield Api(stack.prediction_url, key_of(flow, stack))
    switched(PredictionApi="none", PredictionApiRate="50", PredictionApiBurst="100")


def test_a_picture_in_boxes_out(flow: Flow, api: Api) -> None:
    """The API says what the endpoint says, also to a caller who names no type in Accept."""
    status, content_type, body = api.ask()
    assert (status, content_type) == (200, "application/json")
    said = json.loads(body)
    # Every answer has an id of its own.
    assert said.pop("inference_id") != (other := flow.ask_production()).pop("inference_id")
    assert said == other


def test_an_answer_says_what_it_is_called_whatever_its_form(flow: Flow, api: Api) -> None:
    """In a header, too; by that name it is judged over the API, by whose key it is, and for whom that one speaks."""
    request = urllib.request.Request(api.url, PICTURE, {"Content-Type": "image/jpeg", "X-Api-Key": api.key})
    with urllib.request.urlopen(request, timeout=20) as answer:
        name = json.loads(answer.read())["inference_id"]
        assert answer.headers["X-Amzn-SageMaker-Custom-Attributes"] == f"inference_id={name}"
    judged = replace(api, url=api.url.replace("/predict", "/feedback"))
    body = json.dumps({"inference_id": name, "verdict": "wrong", "by": "maria"}).encode()
    status, _, said = judged.ask(body, Content_Type="application/json")
    keys = flow.stand_in.client("apigateway").get_api_keys(includeValues=True)["items"]
    (mine,) = (one["id"] for one in keys if one["value"] == api.key)
    assert (status, json.loads(said)["by"]) == (200, f"key {mine} for maria")
    status, _, said = judged.ask(body.replace(b"wrong", b"bad"), Content_Type="application/json")
    assert (status, "must be one of right, wrong" in json.loads(said)["error"]) == (400, True)
    assert replace(judged, key="").ask(body)[0] == 403


def test_an_api_that_fails_is_mailed(flow: Flow, api: Api) -> None:
    """By the alarm that a stack with an API has: its own 5XX, which no model's refusal is."""
    with in_alarm(flow, "greenlight-predictions-5xx"):
        flow.wait_until(lambda: flow.mails("greenlight-predictions-5xx"), "nobody is told")


@pytest.mark.parametrize("key", ["", "not-a-key"])
def test_nobody_without_the_key_gets_in(api: Api, key: str) -> None:
    """Neither without one nor with another one."""
    assert replace(api, key=key).ask()[0] == 403


def test_a_picture_passes_to_the_last_byte_both_ways(api: Api) -> None:
    """The fake gives the picture back where a picture is wanted: what arrives there and here is what was sent."""
    assert api.ask(Accept="image/jpeg") == (200, "image/jpeg", PICTURE)


def test_what_is_asked_for_beside_the_picture_passes(api: Api) -> None:
    """The custom attributes reach the model's server."""
    *_, body = api.ask(X_Amzn_SageMaker_Custom_Attributes="confidence=0.95")
    assert json.loads(body)["detections"] == []


def test_a_refusal_of_the_models_server_has_its_status_and_words(api: Api) -> None:
    """As 424, which is no server error of the API."""
    status, _, body = api.ask(X_Amzn_SageMaker_Custom_Attributes="confidence=2")
    refusal = json.loads(body)
    assert (status, refusal["OriginalStatusCode"]) == (424, 400)
    assert "must be a number from 0 to 1" in refusal["OriginalMessage"]


def test_a_picture_too_large_for_the_endpoint_is_refused_by_it(api: Api) -> None:
    """The API lets 10 MB in, the endpoint takes 6 MB."""
    assert api.ask(PICTURE + bytes(6 * 1024 * 1024))[0] == 413


def test_more_requests_than_allowed_are_put_off(flow: Flow, api: Api) -> None:
    """Rate and burst are parameters of the stack."""
    stack = switched(PredictionApiRate="1", PredictionApiBurst="1")
    limited = Api(stack.prediction_url, key_of(flow, stack))
    try:
        assert 429 in {limited.ask()[0] for _ in range(4)}
    finally:
        switched(PredictionApiRate="50", PredictionApiBurst="100")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed; it signs requests as IAM asks")
def test_with_iam_it_is_the_signature_that_counts(guarded: Flow) -> None:
    """Where policies are enforced: nobody unsigned, nobody without leave; with leave, the API asks the endpoint."""
    stack = switched(PredictionApi="iam")
    assert stack.prediction_key_id == ""
    api_id = stack.prediction_url.split("/")[-3]
    mine = f"arn:aws:execute-api:us-east-1:*:{api_id}/production/POST/predict"
    assert Api(stack.prediction_url).ask()[0] == 403
    assert signed(guarded, stack.prediction_url, "stranger", f"{mine}/other") == 403
    # There is no endpoint yet, and SageMaker says so.
    assert signed(guarded, stack.prediction_url, "caller", mine) == 400


def signed(flow: Flow, url: str, user: str, resource: str) -> int:
    """The status for a new user who may invoke ``resource`` and signs with curl."""
    iam = flow.stand_in.client("iam")
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="ask", PolicyDocument=policy)
    made = iam.create_access_key(UserName=user)["AccessKey"]
    words = ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code}", url]
    words += ["--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user"]
    words += [f"{made['AccessKeyId']}:{made['SecretAccessKey']}", "--data-binary", "picture"]
    done = subprocess.run([*words, "--header", "Content-Type: image/jpeg"], capture_output=True, text=True, check=True)
    return int(done.stdout)


def handmade(flow: Flow, **integration: Any) -> Api:
    """An API in front of production without a media type that counts as bytes, as somebody might make it by hand."""
    client, name = flow.stand_in.client("apigateway"), flow.stack.production_endpoint
    made = client.create_rest_api(name="handmade")["id"]
    (root,) = client.get_resources(restApiId=made)["items"]
    at = {"restApiId": made, "resourceId": root["id"], "httpMethod": "POST"}
    client.put_method(**at, authorizationType="NONE")
    headers = ("Accept", "Content-Type")
    client.put_integration(
        **at,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/{name}/invocations",
        requestParameters={f"integration.request.header.{one}": f"method.request.header.{one}" for one in headers},
        **integration,
    )
    client.put_integration_response(**at, statusCode="200")
    client.create_deployment(restApiId=made, stageName="s")
    return Api(f"{flow.stand_in.url}/_aws/execute-api/{made}/s/")


def test_an_api_that_takes_pictures_for_text_spoils_them_here_too(flow: Flow, api: Api) -> None:
    """What AWS would do to a picture shows on this machine."""
    status, _, body = handmade(flow).ask(Accept="image/jpeg")
    assert status == 200
    assert body == PICTURE.decode("utf-8", "replace").encode() != PICTURE


def test_an_api_with_a_mapping_template_says_what_the_stand_in_lacks(flow: Flow, api: Api) -> None:
    """No made-up success."""
    status, _, body = handmade(flow, requestTemplates={"application/json": "{}"}).ask()
    assert status == 501
    assert "renders no template" in body.decode()
    assert api.ask()[0] == 200, "and goes on"
