"""What a probe hears of the new fleet, among the answers of both."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from lambdas.smoke_test import handler as function
from lambdas.smoke_test.probe import ENOUGH, MOST_ASKED, Heard, NotHeard, listen
from tests.lambdas.conftest import Bucket, Context
from tests.lambdas.smoke_test.conftest import digest_of
from tests.lambdas.smoke_test.test_comparison import SMOKE
from tests.lambdas.smoke_test.test_handler import ANSWER, EVENT
from workflow.contract.reading import ContractError

PROBE = {**EVENT, "endpoint": "greenlight-production", "configuration": "greenlight-production-v4-00000000-0-0"}
RIGHT, OLD = ANSWER, {**ANSWER, "model_digest": "c" * 64, "detections": []}
WRONG = {**ANSWER, "detections": []}


def says(word: str) -> Callable[[], str]:
    """A question that is answered so."""

    def question() -> str:
        if word == "old":
            raise NotHeard
        return "expected bolt" if word == "wrong" else ""

    return question


@given(st.lists(st.sampled_from(["right", "old"]), max_size=40))
def test_a_fleet_that_answers_rightly_is_never_called_wrong(answers: list[str]) -> None:
    """Whatever the other one says; and no more is asked than tells something."""
    heard = listen(map(says, answers))
    assert (heard.wrong, heard.problem) == (0, "")
    assert heard.right == min(ENOUGH, answers.count("right"))


@given(st.lists(st.sampled_from(["right", "old", "wrong"]), max_size=40))
def test_the_first_wrong_answer_is_enough(answers: list[str]) -> None:
    """As long as it comes before the new fleet has answered enough."""
    counted = list(itertools.accumulate(answers, lambda right, word: right + (word == "right"), initial=0))
    first = next((at for at, word in enumerate(answers) if word == "wrong"), None)
    found = listen(map(says, answers))
    assert found.wrong == (first is not None and counted[first] < ENOUGH)
    assert ("expected bolt" in found.summary()) == bool(found.wrong)


def test_the_summary_counts_what_was_heard_of_whom() -> None:
    """So that a history shows which share the new fleet had."""
    assert Heard(right=2, others=6).summary() == "the new fleet answered 2 of 8 questions"


@pytest.fixture
def production() -> Iterator[Stubber]:
    """The endpoint."""
    with Stubber(function.hasty) as stub:
        yield stub


def answers(stub: Stubber, *said: Any) -> None:
    """Production answers these, one after the other; None is an error."""
    for answer in said:
        if answer is None:
            stub.add_client_error("invoke_endpoint", "ModelError", "Received server error (500)")
            continue
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        stub.add_response("invoke_endpoint", {"Body": StreamingBody(io.BytesIO(body), len(body))})


def published() -> list[tuple[str, float]]:
    """Every figure of wrong answers so far, with the configuration it is of."""
    found = []
    for metric in function.cloudwatch.list_metrics(Namespace="Greenlight/Probe")["Metrics"]:
        assert metric["MetricName"] == "WrongAnswers"
        (dimension,) = metric["Dimensions"]
        assert dimension["Name"] == "EndpointConfigName"
        figures = function.cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "wrong", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
            StartTime=time.time() - 300,
            EndTime=time.time() + 300,
        )
        found.append((dimension["Value"], sum(figures["MetricDataResults"][0]["Values"])))
    return found


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ((OLD, RIGHT, OLD, RIGHT, RIGHT, RIGHT), 0),
        ((OLD, OLD, WRONG), 1),
        ((RIGHT, {"model_digest": ANSWER["model_digest"]}), 1),
        ((None,) * MOST_ASKED, 0),
        ((OLD,) * MOST_ASKED, 0),
        ((b"<html>", {"detections": []}, RIGHT, RIGHT, RIGHT, RIGHT), 0),
    ],
    ids=["right", "wrong", "unreadable", "errors", "old alone", "nobody's"],
)
def test_the_new_fleets_wrong_answers_are_counted_and_no_others(
    evaluated: Bucket, production: Stubber, context: Context, said: tuple[Any, ...], wrong: int
) -> None:
    """Under its configuration, also where there are none: errors may be the old fleet's, SageMaker tells them apart."""
    answers(production, *said)
    heard = function.handler(PROBE, context)
    assert heard["wrong"] == wrong
    assert published() == [(PROBE["configuration"], wrong)]
    production.assert_no_pending_responses()


def test_a_probe_ends_in_time(
    evaluated: Bucket, production: Stubber, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint that answers slowly is asked less."""
    clock = itertools.count(0, 6)
    monkeypatch.setattr(function, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    answers(production, RIGHT)
    assert function.handler(PROBE, context)["right"] == 1


def test_a_probe_about_another_model_is_an_error(evaluated: Bucket, context: Context) -> None:
    """Nothing is published: the machine goes on, and the smoke test says so."""
    other = json.dumps({**SMOKE, "model_digest": "b" * 64})
    evaluated.put("runs/one/evaluation/smoke/smoke.json", other)
    with pytest.raises(function.SmokeTestFailed, match="are not those that were decided on"):
        function.handler(PROBE, context)
    with pytest.raises(function.SmokeTestFailed, match="another model"):
        function.handler({**PROBE, "smoke_digest": digest_of(other.encode(), b"a picture")}, context)
    with pytest.raises(ContractError, match=r"the probe\.configuration"):
        function.handler({**PROBE, "configuration": ""}, context)
