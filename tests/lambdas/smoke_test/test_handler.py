"""The smoke test against a bucket and an endpoint that answers what a test says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from lambdas.smoke_test import handler as function
from lambdas.smoke_test.request import Request
from tests.lambdas.conftest import Bucket, Context
from tests.lambdas.smoke_test.conftest import DECIDED, digest_of
from tests.lambdas.smoke_test.test_comparison import SMOKE
from workflow.contract.capture import OWN_REQUEST
from workflow.contract.reading import ContractError
from workflow.contract.stored_smoke import MOST_PICTURES

DIGEST = SMOKE["model_digest"]
EVENT = {
    "endpoint": "greenlight-staging",
    "model_digest": DIGEST,
    "evaluation_uri": "s3://greenlight-test/runs/one/evaluation/",
    "smoke_digest": DECIDED,
}
ANSWER = {"model_digest": DIGEST, "width": 640, "height": 480, "detections": SMOKE["images"][0]["detections"]}


@pytest.fixture
def endpoint() -> Iterator[Stubber]:
    """The endpoint."""
    with Stubber(function.runtime) as stub:
        yield stub


def answers(stub: Stubber, answer: Any, **named: str) -> None:
    """The endpoint answers this to the picture, and to nothing else: a request that says whose it is."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    stub.add_response(
        "invoke_endpoint",
        {"Body": StreamingBody(io.BytesIO(body), len(body))},
        {
            "EndpointName": "greenlight-staging",
            "ContentType": "image/jpeg",
            "Accept": "application/json",
            "Body": b"a picture",
            "InferenceId": OWN_REQUEST,
            **named,
        },
    )


def test_the_component_of_a_shared_endpoint_is_asked_by_its_name(
    evaluated: Bucket, endpoint: Stubber, context: Context
) -> None:
    """And it is production's, whatever its endpoint is called."""
    shared = {"EndpointName": "vision-shared", "InferenceComponentName": "greenlight-production"}
    answers(endpoint, ANSWER, **shared)
    event = {**EVENT, "endpoint": "vision-shared", "component": "greenlight-production"}
    assert function.handler(event, context)["images"] == 1
    assert Request.parse(event).stage == "production"


def test_an_endpoint_that_draws_the_same_boxes_passes(evaluated: Bucket, endpoint: Stubber, context: Context) -> None:
    """With how much was compared."""
    answers(endpoint, ANSWER)
    assert function.handler(EVENT, context) == {
        "images": 1,
        "boxes": 1,
        "summary": "1 picture, 1 box, as in the evaluation",
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({**ANSWER, "detections": []}, r"0\.jpg: expected bolt"),
        ({**ANSWER, "model_digest": "c" * 64}, "another model answered"),
        ({"detections": ANSWER["detections"]}, "another model answered"),
        ({"model_digest": DIGEST}, "no list of detections"),
        ([], "no JSON object"),
        (b"<html>", "no answer"),
    ],
    ids=["no boxes", "another digest", "no digest", "no list", "no object", "no JSON"],
)
def test_an_endpoint_that_answers_otherwise_fails(
    evaluated: Bucket, endpoint: Stubber, context: Context, answer: Any, said: str
) -> None:
    """The message names the picture and the difference."""
    answers(endpoint, answer)
    with pytest.raises(function.SmokeTestFailed, match=said):
        function.handler(EVENT, context)


def test_an_endpoint_that_does_not_answer_fails_and_is_asked_once(
    evaluated: Bucket, endpoint: Stubber, context: Context
) -> None:
    """Trying again is the state machine's part."""
    endpoint.add_client_error("invoke_endpoint", "ModelError", "Received server error (500)", http_status_code=424)
    with pytest.raises(function.SmokeTestFailed, match="server error"):
        function.handler(EVENT, context)
    endpoint.assert_no_pending_responses()


@pytest.mark.parametrize("file", ["smoke.json", "0.jpg"])
def test_a_missing_expectation_fails(evaluated: Bucket, endpoint: Stubber, context: Context, file: str) -> None:
    """A smoke test that cannot test is no success."""
    evaluated.s3.delete_object(Bucket=evaluated.name, Key=f"runs/one/evaluation/smoke/{file}")
    with pytest.raises(function.SmokeTestFailed, match=file):
        function.handler(EVENT, context)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("smoke.json", json.dumps({**SMOKE, "images": [{"file": "0.jpg", "detections": []}]})),
        ("smoke.json", json.dumps({**SMOKE, "confidence": 0.99})),
        ("0.jpg", "an easier picture"),
    ],
    ids=["answers", "confidence", "picture"],
)
def test_a_test_that_somebody_made_easier_is_not_taken(
    evaluated: Bucket, endpoint: Stubber, context: Context, file: str, content: str
) -> None:
    """The endpoint is not even asked: what it would be held to is not what a person decided on."""
    evaluated.put(f"runs/one/evaluation/smoke/{file}", content)
    with pytest.raises(function.SmokeTestFailed, match="are not those that were decided on"):
        function.handler(EVENT, context)


@pytest.mark.parametrize(
    "body", ["", "[]", json.dumps({**SMOKE, "images": []}), json.dumps({**SMOKE, "model_digest": "b" * 64})]
)
def test_an_expectation_that_is_not_about_this_model_fails(
    evaluated: Bucket, endpoint: Stubber, context: Context, body: str
) -> None:
    """Unreadable, empty, or another model's."""
    evaluated.put("runs/one/evaluation/smoke/smoke.json", body)
    with pytest.raises(function.SmokeTestFailed, match=r"smoke\.json"):
        function.handler({**EVENT, "smoke_digest": digest_of(body.encode(), b"a picture")}, context)


def test_more_pictures_than_can_be_held_at_once_are_not_read(
    evaluated: Bucket, endpoint: Stubber, context: Context
) -> None:
    """They are all read before any is believed."""
    many = json.dumps({**SMOKE, "images": SMOKE["images"] * (MOST_PICTURES + 1)})
    evaluated.put("runs/one/evaluation/smoke/smoke.json", many)
    with pytest.raises(function.SmokeTestFailed, match=r"smoke\.json names 11 pictures; 10 are allowed"):
        function.handler(EVENT, context)


@pytest.mark.parametrize(
    "damage", [{"endpoint": ""}, {"model_digest": "short"}, {"evaluation_uri": "s3://greenlight-test/runs"}], ids=str
)
def test_a_question_that_is_not_whole_is_an_error(context: Context, damage: dict[str, str]) -> None:
    """Which part, and what it must be."""
    (key,) = damage
    with pytest.raises(ContractError, match=f"the smoke test.{key}: must be"):
        function.handler({**EVENT, **damage}, context)
    with pytest.raises(ContractError, match=f"the smoke test.{key}: missing"):
        function.handler({name: value for name, value in EVENT.items() if name != key}, context)


OF_ANOTHER = {**EVENT, "model_digest": "c" * 64, "only_the_digest": True}


def test_a_model_whose_own_pictures_are_unknown_is_told_by_its_digest(
    evaluated: Bucket, endpoint: Stubber, context: Context
) -> None:
    """By the pictures of another model's evaluation, whatever it sees on them."""
    answers(endpoint, {**ANSWER, "model_digest": "c" * 64, "detections": []})
    told = function.handler(OF_ANOTHER, context)
    assert told["summary"] == "1 picture, answered by the model that was meant"


def test_a_digest_that_is_not_the_wanted_one_fails_on_any_picture(
    evaluated: Bucket, endpoint: Stubber, context: Context
) -> None:
    """Also where the answer is the very one of the evaluation whose pictures are sent."""
    answers(endpoint, ANSWER)
    with pytest.raises(function.SmokeTestFailed, match="another model answered"):
        function.handler(OF_ANOTHER, context)


def test_nobody_passes_for_a_model_that_no_release_has_recorded(evaluated: Bucket, context: Context) -> None:
    """The endpoint is not even asked: there is nothing its answer could be held to."""
    with pytest.raises(ContractError, match="no release has recorded which model has to answer"):
        function.handler({**OF_ANOTHER, "model_digest": ""}, context)


BY_BATCH = {**EVENT, "endpoint": "greenlight-batch", "answers": "s3://greenlight-test/batches/one/answers/"}


def test_what_a_batch_answered_is_compared_without_an_endpoint(evaluated: Bucket, context: Context) -> None:
    """As an endpoint's answer is; a picture that was refused, or has no answer, is none."""
    key = "batches/one/answers/0.jpg.out"
    with pytest.raises(function.SmokeTestFailed, match=r"0\.jpg: no answer"):
        function.handler(BY_BATCH, context)
    evaluated.put(key, json.dumps(ANSWER).encode())
    assert function.handler(BY_BATCH, context)["summary"] == "1 picture, 1 box, as in the evaluation"
    for answer, said in (({**ANSWER, "detections": []}, "expected bolt"), ({"error": "cut short"}, "another model")):
        evaluated.put(key, json.dumps(answer).encode())
        with pytest.raises(function.SmokeTestFailed, match=said):
            function.handler(BY_BATCH, context)
