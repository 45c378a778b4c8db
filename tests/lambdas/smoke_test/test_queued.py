"""An endpoint that answers asynchronously is tried by way of the bucket, by the same pictures and boxes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from lambdas.smoke_test import handler as function
from lambdas.smoke_test.request import Request
from tests.lambdas.conftest import Bucket, Context
from tests.lambdas.smoke_test.test_handler import ANSWER, EVENT

pytestmark = pytest.mark.fast
SERVING = {"serve": "async", "staging_serve": "same"}
INPUT = f"asynchronous/staging/inputs/checks/{hashlib.sha256(b'a picture').hexdigest()}"
OUTPUT, FAILURE = "asynchronous/staging/answers/1.out", "asynchronous/staging/failures/1-error.out"
Later = Callable[[str, bytes], None]


@pytest.fixture
def later(evaluated: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Later]:
    """An endpoint that takes one picture; gives how to say which object lies there after the first look."""
    waiting: list[tuple[str, bytes]] = []

    def look_again(_: float) -> None:
        while waiting:
            evaluated.put(*waiting.pop())

    monkeypatch.setattr(time, "sleep", look_again)
    place = f"s3://{evaluated.name}/"
    with Stubber(function.runtime) as stub:
        stub.add_response(
            "invoke_endpoint_async",
            {"InferenceId": "1", "OutputLocation": place + OUTPUT, "FailureLocation": place + FAILURE},
            {
                "EndpointName": "greenlight-staging",
                "InputLocation": place + INPUT,
                "ContentType": "image/jpeg",
                "Accept": "application/json",
                "RequestTTLSeconds": ANY,
            },
        )
        yield lambda key, content: waiting.append((key, content))


def test_the_answer_is_waited_for_and_compared(evaluated: Bucket, later: Later, context: Context) -> None:
    """As of one that answers at once; the picture lies where its role reads."""
    later(OUTPUT, json.dumps(ANSWER).encode())
    found = function.handler({**EVENT, "serving": SERVING}, context)
    assert found["summary"] == "1 picture, 1 box, as in the evaluation"
    assert evaluated.get(INPUT) == b"a picture"


def test_a_failure_is_told_in_its_own_words(later: Later, context: Context) -> None:
    """What lies at the place for failures is why."""
    later(FAILURE, b"Received server error (500) from primary")
    with pytest.raises(function.SmokeTestFailed, match=r"0\.jpg: no answer: Received server error \(500\)"):
        function.handler({**EVENT, "serving": SERVING}, context)


def test_a_queue_that_does_not_move_fails_in_time(
    later: Later, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the function's own time is over."""
    assert function.QUEUE_SECONDS < 300
    monkeypatch.setattr(function, "QUEUE_SECONDS", 0)
    with pytest.raises(function.SmokeTestFailed, match="not answered in time"):
        function.handler({**EVENT, "serving": SERVING}, context)


@pytest.mark.parametrize(
    ("serving", "queued_stages"),
    [
        (None, set()),
        ({"serve": "realtime"}, set()),
        (SERVING, {"staging", "production"}),
        ({"serve": "async", "staging_serve": "realtime"}, {"production"}),
        ({"serve": "realtime", "staging_serve": "async"}, {"staging"}),
    ],
)
def test_each_stage_is_asked_as_it_serves(serving: Any, queued_stages: set[str]) -> None:
    """A plan from before there were ways to serve has endpoints that answer at once."""
    stages = ("staging", "production")
    asked = {stage: Request.parse({**EVENT, "endpoint": f"greenlight-{stage}", "serving": serving}) for stage in stages}
    assert {stage for stage in stages if asked[stage].asynchronous} == queued_stages
