"""The values of SERVE: which there are, and what an earlier demonstration must not leave in their way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.demo.test_record import STACK
from workflow.contract.run_input import RunInput
from workflow.demo import releasing, ways
from workflow.demo.data import again
from workflow.demo.options import read_options
from workflow.demo.record import Finished
from workflow.demo.steps import RunFailedError, Site
from workflow.demo.ways import WAYS, challenge_first, choose_way, make_room, release_again
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.predictions.prediction import Prediction
from workflow.runs.history import Outcome
from workflow.runs.watch import View

ENDPOINTS = ("greenlight-staging", "greenlight-production")
FINISHED = Finished("build", "release", "arn:aws:sagemaker:us-east-1:0:model-package/greenlight/1", {}, "", "")
VIEW = View("greenlight-release", "rollback", "arn:release", (), (), (), None, (), None)


@pytest.mark.parametrize("serve", WAYS)
def test_every_way_asks_for_what_a_run_takes_and_goes_back(serve: str) -> None:
    """Without SERVE it is the usual one without its way back, whose demonstration is as quick as it was."""
    RunInput.parse({"dataset": "s3://bucket/x/", **choose_way(serve).keys}, {})
    assert choose_way(serve).goes_back is not None
    assert choose_way(read_options({"SERVE": serve}, terminal=False).serve) == choose_way(serve)
    assert choose_way(read_options({}, terminal=False).serve).goes_back is None


def test_a_way_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    """Before anything starts; what goes on past a refusal of data keeps it."""
    with pytest.raises(UsageError, match="SERVE=serverles: no way to serve; did you mean serverless"):
        choose_way("serverles")
    typed = read_options({"DATASET": "a", "SERVE": "serverless"}, terminal=False)
    assert again(typed) == "make demo DATASET=a SERVE=serverless POLICY={policy}"


@pytest.mark.parametrize(
    ("serve", "away"),
    [
        *[("serverless", True), ("async", True), ("batch", True)],
        *[("realtime", False), ("ab", False), ("shadow", False)],
    ],
)
def test_what_cannot_become_what_is_asked_for_is_put_away(
    serve: str, away: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Endpoints on instances, where none shall be; SageMaker would refuse the release, minutes later."""
    there = set(ENDPOINTS)

    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["EndpointName"] not in there:
            raise ServiceError("ValidationException", "none")
        return {"ProductionVariants": [{"CurrentInstanceCount": 1}]}

    def delete(asked: dict[str, Any]) -> dict[str, Any]:
        there.discard(asked["EndpointName"])
        return {}

    make_room(ScriptedCloud({"describe_endpoint": describe, "delete_endpoint": delete}), ENDPOINTS, WAYS[serve])
    assert there == (set() if away else set(ENDPOINTS))
    assert ("greenlight-production, which is on instances" in capsys.readouterr().out) == away


@pytest.mark.parametrize("ended", ["SUCCEEDED", "FAILED"])
def test_the_way_back_is_a_release_of_the_same_version_to_its_end(ended: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started as a roll-back is; one that fails fails the demonstration."""
    cloud = ScriptedCloud(
        {
            "start_execution": {"executionArn": "arn:release"},
            "describe_endpoint": {"EndpointConfigName": "greenlight-production-v1-2", "ProductionVariants": []},
        }
    )
    outcome = Outcome(ended, error="" if ended == "SUCCEEDED" else "Production.Failed", cause="")
    monkeypatch.setattr(releasing, "follow", lambda *_, **__: iter([VIEW, replace(VIEW, outcome=outcome)]))
    site, stops = Site("", cloud, STACK), []  # type: ignore[var-annotated]
    if ended == "FAILED":
        with pytest.raises(RunFailedError, match="the way back"):
            release_again(site, FINISHED, stops)
    else:
        assert release_again(site, FINISHED, stops).configuration == "greenlight-production-v1-2"
    ((_, started),) = [one for one in cloud.asked if one[0] == "start_execution"]
    assert FINISHED.model_package in started["input"]
    assert Path(started["name"]).name.startswith("rollback-1-")
    assert len(stops) == 1


@pytest.mark.parametrize(("lost", "kind"), [(0, "ab"), (0, "shadow"), (1, "ab")])
def test_a_challenge_is_asked_all_along_and_then_gone_back_from(
    lost: int, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two releases of the version, the first as a challenge; one answer that is missing fails the demonstration."""
    (tmp_path / "picture.jpg").write_bytes(b"picture")
    monkeypatch.setattr(ways, "HELD_OUT", tmp_path)
    monkeypatch.setattr(ways, "_BETWEEN_REQUESTS_SECONDS", 0)
    asked: list[str] = []

    def ask(cloud: Any, endpoint: str, picture: Path) -> Prediction:
        asked.append(endpoint)
        if len(asked) <= lost:
            raise ServiceError("ModelError", "no answer")
        return Prediction(picture, "digest", 1, 1)

    def follow(*given: Any, **more: Any) -> Iterator[View]:
        deadline = time.monotonic() + 10
        while len(asked) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        yield replace(VIEW, outcome=Outcome("SUCCEEDED", error="", cause=""))

    monkeypatch.setattr(ways, "ask", ask)
    monkeypatch.setattr(releasing, "follow", follow)
    answers = {"start_execution": {"executionArn": "arn:release"}, "describe_endpoint": {"EndpointConfigName": "one"}}
    cloud = ScriptedCloud(answers)
    if lost:
        with pytest.raises(GreenlightError, match=r"1 of [0-9]+ requests had no answer"):
            challenge_first(kind)(Site("", cloud, STACK), FINISHED, [])
        return
    challenge_first(kind)(Site("", cloud, STACK), FINISHED, [])
    inputs = [json.loads(given["input"]) for name, given in cloud.asked if name == "start_execution"]
    assert [given.get("serve") for given in inputs] == [kind, None]
    assert set(asked) == {STACK.production_endpoint}
