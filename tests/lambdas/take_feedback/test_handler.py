"""What somebody says of an answer is kept once, with who said it; what leads to no answer is refused, and says why."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.take_feedback.handler import handler
from tests.lambdas.conftest import Bucket, Context
from workflow.contract.answer_name import AnswerName
from workflow.contract.capture import Captured, OtherName, kept_key, named_key
from workflow.contract.feedback import Feedback
from workflow.contract.scores import ClassScore, Metrics, ModelScore
from workflow.contract.served_model import ServedModel

DIGEST = "ab" * 32
NOW = datetime.now(UTC).replace(microsecond=0)
NAME = AnswerName.make(DIGEST, NOW - timedelta(hours=1), bytes(8))
BOLT = {"class": "bolt", "score": 0.9, "box": [1.0, 1.0, 5.0, 5.0]}
ANSWER = {"inference_id": NAME.text(), "model_digest": DIGEST, "width": 9, "height": 9, "detections": [BOLT]}
RIGHT_BOX = {"class": "bolt", "box": [1, 1, 5, 6]}


def metrics() -> Metrics:
    """An evaluation's, of a model that knows bolts and nuts."""
    classes = tuple(ClassScore(name, 1, 0.9, 0.9, 0.9, 0.9) for name in ("bolt", "nut"))
    score = ModelScore(DIGEST, "d" * 64, 0.9, 0.9, 0.9, 0.9, classes, 1.0, 1.0, 1)
    return Metrics("f" * 64, 1, 1, 0.25, score, None)


@pytest.fixture
def account(bucket: Bucket, table: Any) -> Bucket:
    """A bucket beside a table that knows the model that production serves."""
    served = ServedModel(DIGEST, 4, f"s3://{Bucket.name}/runs/one/evaluation/")
    table.put_item(Item=served.item())
    bucket.put("runs/one/evaluation/metrics.json", json.dumps(metrics().document()))
    return bucket


def capture(account: Bucket, name: AnswerName | str = NAME, **other: Any) -> str:
    """Keep an answer as capturing does; the key of its picture."""
    given = name.given if isinstance(name, AnswerName) else NAME.given
    identity = name.text() if isinstance(name, AnswerName) else name
    key = kept_key(given, identity)
    about = {"id": identity, "endpoint": "e", "variant": "main", "taken": NAME.given.isoformat()}
    kept = {**about, "picture": f"{key}.jpg", "content_type": "image/jpeg", "model_digest": DIGEST, "answer": ANSWER}
    account.put(f"{key}.json", json.dumps(Captured(**(kept | other)).document()))
    return f"{key}.jpg"


def give(context: Context, **said: Any) -> dict[str, Any]:
    """Say something as the command does."""
    return handler({"inference_id": NAME.text(), "by": "maria", **said}, context)


def kept(account: Bucket) -> list[Feedback]:
    """Everything that is kept of what was said."""
    keys = [key for key in account.stored() if key.startswith("feedback/")]
    found = {key: Feedback.parse(json.loads(account.get(key))) for key in keys}
    assert all(one.key() == key for key, one in found.items())
    return list(found.values())


def test_a_word_about_an_answer_is_kept_with_its_picture_and_who_said_it(account: Bucket, context: Context) -> None:
    """In the day of the answer, and told back as it is kept."""
    picture = capture(account)
    told = give(context, verdict="wrong")
    (only,) = kept(account)
    assert told == {"status": 200, **only.document()}
    assert (only.verdict, only.by, only.picture, only.model_digest) == ("wrong", "maria", picture, DIGEST)
    assert only.answered == NAME.given.isoformat()


def test_the_same_word_counts_once_and_a_later_one_takes_its_place(account: Bucket, context: Context) -> None:
    """Also where the answer was not captured yet when the first was said; another person's stands beside it."""
    give(context, verdict="wrong")
    capture(account)
    for verdict in ("wrong", "right"):
        assert give(context, verdict=verdict)["status"] == 200
    assert [one.verdict for one in kept(account)] == ["right"]
    give(context, verdict="wrong", by="paul")
    assert sorted((one.by, one.verdict) for one in kept(account)) == [("maria", "right"), ("paul", "wrong")]


def test_boxes_are_compared_with_what_was_answered(account: Bucket, context: Context) -> None:
    """By the classes that the model knew in its evaluation."""
    capture(account)
    assert give(context, boxes=[RIGHT_BOX])["verdict"] == "right"
    told = give(context, boxes=[RIGHT_BOX, {"class": "nut", "box": [6, 6, 9, 9]}])
    assert (told["verdict"], told["agreement"]) == ("wrong", {"answered": 1, "given": 2, "both": 1})
    refused = give(context, boxes=[{"class": "screw", "box": [1, 1, 5, 5]}])
    assert (refused["status"], "knows no 'screw'; it knows bolt, nut" in refused["error"]) == (400, True)
    assert "must lie in the picture of 9 x 9" in give(context, boxes=[{"class": "nut", "box": [1, 1, 5, 10]}])["error"]
    assert len(kept(account)) == 1


@pytest.mark.parametrize("own", [NAME, "an-event-of-sagemaker"])
def test_a_caller_s_own_id_leads_to_the_same_answer(account: Bucket, context: Context, own: AnswerName | str) -> None:
    """Whatever the answer is kept as; what is said by either id takes the place of the other."""
    capture(account, own)
    identity = own.text() if isinstance(own, AnswerName) else own
    document = f"{kept_key(NAME.given, identity)}.json"
    for name in ("order 7", "an-event-of-sagemaker"):
        account.put(named_key(name), json.dumps(OtherName(document).document()))
    for name in ("order 7", identity):
        assert give(context, inference_id=name, verdict="wrong")["status"] == 200
    assert [one.inference_id for one in kept(account)] == [identity]


def test_an_answer_that_was_not_captured_can_be_judged_by_its_own_id(account: Bucket, context: Context) -> None:
    """Which says the model; nothing says where boxes lie."""
    assert give(context, verdict="right")["model_digest"] == DIGEST
    assert kept(account)[0].picture == ""
    refused = give(context, boxes=[RIGHT_BOX])
    assert (refused["status"], "was not captured, or not yet" in refused["error"]) == (400, True)


@pytest.mark.parametrize(
    ("identity", "status"),
    [
        ("order 8", 404),
        (AnswerName.make("cd" * 32, NOW, bytes(8)).text(), 404),
        (AnswerName.make(DIGEST, NOW + timedelta(hours=1), bytes(8)).text(), 404),
        (AnswerName.make(DIGEST, NOW - timedelta(days=31), bytes(8)).text(), 410),
    ],
    ids=["nobody's", "of a model that never served", "of the future", "too old"],
)
def test_an_id_that_leads_to_no_answer_is_refused(
    account: Bucket, context: Context, identity: str, status: int
) -> None:
    """With where an answer's id is found, or how long answers are kept."""
    told = give(context, inference_id=identity, verdict="right")
    assert (told["status"], identity in told["error"]) == (status, True)
    assert not kept(account)


def test_an_answer_that_does_not_say_its_model_is_told_so(account: Bucket, context: Context) -> None:
    """One of a table or an array, that was captured without its header."""
    capture(account, "an-event-of-sagemaker", model_digest="", answer=None)
    document = f"{kept_key(NAME.given, 'an-event-of-sagemaker')}.json"
    account.put(named_key("order 7"), json.dumps(OtherName(document).document()))
    told = give(context, inference_id="order 7", verdict="right")
    assert (told["status"], "custom attributes" in told["error"]) == (404, True)


def asked(body: object, **identity: Any) -> dict[str, Any]:
    """A request as the API passes it on: every body is bytes."""
    text = body if isinstance(body, str) else json.dumps(body)
    context = {"identity": {"sourceIp": "127.0.0.1", "userArn": None, **identity}, "httpMethod": "POST"}
    return {"requestContext": context, "body": base64.b64encode(text.encode()).decode(), "isBase64Encoded": True}


@pytest.mark.parametrize(
    ("identity", "name", "by"),
    [
        ({"userArn": "arn:aws:iam::1:user/app"}, "", "arn:aws:iam::1:user/app"),
        ({"apiKeyId": "k1"}, "maria", "key k1 for maria"),
        ({"apiKeyId": "k1"}, "arn:aws:iam::1:user/app", "key k1 for arn:aws:iam::1:user/app"),
    ],
)
def test_through_the_api_it_is_said_by_whom_the_api_let_in(
    account: Bucket, context: Context, identity: dict[str, str], name: str, by: str
) -> None:
    """And for whom that one speaks, which takes nobody else's place."""
    said = {"inference_id": NAME.text(), "verdict": "right", **({"by": name} if name else {})}
    answer = handler(asked(said, **identity), context)
    assert (answer["statusCode"], json.loads(answer["body"])["by"]) == (200, by)
    assert [one.by for one in kept(account)] == [by]


@pytest.mark.parametrize(
    ("event", "status", "told"),
    [
        (asked({"verdict": "right"}), 403, "does not say who you are"),
        (asked("no json", apiKeyId="k1"), 400, "the body is no JSON"),
        (asked("[" * 100_000, apiKeyId="k1"), 400, "the body is no JSON"),
        (asked([], apiKeyId="k1"), 400, "must be a JSON object"),
        (asked("x" * 200_001, apiKeyId="k1"), 413, "give fewer boxes"),
        (asked({"inference_id": NAME.text(), "verdict": "good"}, apiKeyId="k1"), 400, "must be one of right, wrong"),
    ],
)
def test_a_request_that_cannot_be_understood_says_why(
    account: Bucket, context: Context, event: dict[str, Any], status: int, told: str
) -> None:
    """As JSON, with a status of the caller's own."""
    answer = handler(event, context)
    assert (answer["statusCode"], told in json.loads(answer["body"])["error"]) == (status, True)
    assert not kept(account)


def test_the_command_says_who_gives_it(account: Bucket, context: Context) -> None:
    """Nobody else could."""
    assert give(context, verdict="right", by=" ")["error"] == "feedback.by: must say who gives it"
