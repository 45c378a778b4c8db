"""Production at work: its fleet follows its load, and a share of what it is asked is kept, with policies enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.flow.alarms import end_badly, of_machine, ringing
from tests.flow.clients import asking
from tests.flow.conftest import deployed
from tests.flow.driver import Ended, Flow
from tests.infra.local.sagemaker.requests import eventually
from workflow.clients import AwsCloud
from workflow.commands.cli import run
from workflow.contract.capture import KEPT, Captured
from workflow.contract.drift import FEWEST
from workflow.feedback.figures import read_figures, served_versions
from workflow.feedback.saying import Said, say

pytestmark = pytest.mark.standin
FOLLOWED: dict[str, Any] = {"maximum_instances": 2, "scale_target": 5, "scale_out_seconds": 0, "scale_in_seconds": 0}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A stack that keeps all of its production's requests, on a stand-in that enforces policies."""
    state, keeping = tmp_path_factory.mktemp("state"), {"parameters": {"CapturePercent": "100"}}
    with deployed(state, "--iam", prepare=lambda _: keeping) as flow:
        yield flow


@pytest.fixture(scope="module")
def built(alone: Flow) -> Ended:
    """A version whose fleet follows its load, in production."""
    ended = alone.build(alone.upload(), **FOLLOWED)
    assert ended.status == "SUCCEEDED", ended.cause
    return ended


def kept(flow: Flow) -> int:
    """How many pictures are kept."""
    found = flow.storage.list_objects_v2(Bucket=flow.stack.bucket, Prefix=KEPT).get("Contents", [])
    return sum(not str(item["Key"]).endswith(".json") for item in found)


def watch(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """What a watch for drift says."""
    capsys.readouterr()
    assert run(["drift", "--json", *options]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_few_pictures_are_not_judged(built: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    """No job is started for them."""
    few = watch(capsys, "--hours", "1")
    assert (few["judged"], "are needed" in few["line"]) == (False, True), few
    assert "Look for drift" not in [state["name"] for state in few["states"]]


def test_what_production_is_asked_can_be_looked_at(alone: Flow, built: Ended) -> None:
    """The picture as it was sent, and beside it the answer with the model that gave it; the raw file is gone.

    Nothing else is kept: what the release asked itself is no request of anybody's.
    """
    answer = alone.ask_production()

    def kept(prefix: str = KEPT) -> list[str]:
        found = alone.storage.list_objects_v2(Bucket=alone.stack.bucket, Prefix=prefix).get("Contents", [])
        return [str(item["Key"]) for item in found]

    def documents() -> list[Captured]:
        found = [key for key in kept() if key.endswith(".json") and not key.endswith(".request.json")]
        bodies = [alone.storage.get_object(Bucket=alone.stack.bucket, Key=key)["Body"].read() for key in found]
        return [Captured.parse(json.loads(body)) for body in bodies]

    mine = eventually(lambda: [one for one in documents() if one.answer == answer])[0]
    assert (mine.endpoint, mine.model_digest) == ("greenlight-production", answer["model_digest"])
    assert mine.id == answer["inference_id"]
    assert mine.picture in kept()
    assert eventually(lambda: not kept("captured/raw/"))
    assert documents() == [mine]


def test_what_people_say_of_its_answers_is_what_production_is_worth(alone: Flow, built: Ended) -> None:
    """By the answer's own id and by the caller's, with the roles that there are: boxes, a verdict, and the figures."""
    cloud = AwsCloud()
    runtime, named = alone.stand_in.client("sagemaker-runtime"), {"InferenceId": "order 7"}
    asked = {"EndpointName": alone.stack.production_endpoint, "ContentType": "image/jpeg", "Body": b"\xff\xd8\xff one"}
    answer = json.loads(runtime.invoke_endpoint(**asked, **named)["Body"].read())
    other = json.loads(runtime.invoke_endpoint(**asked)["Body"].read())

    def tell(identity: str, **said: Any) -> Said:
        return say(cloud, alone.stack.feedback_function, {"inference_id": identity, **said}, "maria")

    assert tell(other["inference_id"], verdict="wrong").error == "", "also before it is kept what was asked"
    right = [{key: one[key] for key in ("class", "box")} for one in answer["detections"]]
    told = eventually(lambda: tell("order 7", boxes=right), lambda one: one.feedback is not None)
    assert told.feedback.verdict == "right"
    picture = alone.storage.get_object(Bucket=alone.stack.bucket, Key=told.feedback.picture)["Body"].read()
    assert picture == asked["Body"]
    assert "knows no 'nothing'" in tell("order 7", boxes=[{"class": "nothing", "box": [0, 0, 1, 1]}]).error
    assert "no answer of production called" in tell("order 8", verdict="right").error
    figures = read_figures(cloud, alone.stack.bucket, now=datetime.now(UTC))
    (found,) = figures.models
    assert (found.model_digest, found.right.hits, found.right.of, found.boxed) == (answer["model_digest"], 1, 2, 1)
    assert served_versions(cloud, alone.stack.table) == {answer["model_digest"]: 1}


def test_what_has_drifted_is_told_rings_and_starts_a_build(
    alone: Flow, built: Ended, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the pictures that were kept, held against the reference of the version that serves."""
    runtime, already = alone.stand_in.client("sagemaker-runtime"), kept(alone)
    for _ in range(FEWEST + already):
        runtime.invoke_endpoint(
            EndpointName=alone.stack.production_endpoint, ContentType="image/jpeg", Body=b"dark picture"
        )
    dark = eventually(lambda: kept(alone), lambda pictures: pictures >= FEWEST + 2 * already)
    found = watch(capsys, "--on-drift", "run")
    assert (found["drifted"], found["pictures"] >= dark) == (True, True)
    told = [mail["subject"] for mail in alone.mails(found["run"])]
    assert any(subject.startswith("[greenlight] DRIFT: ") for subject in told), told
    assert "greenlight-drifted" in ringing(alone)
    build = f"{alone.stack.build_machine_arn.replace(':stateMachine:', ':execution:')}:drift-{found['run']}"
    assert json.loads(alone.describe(build)["input"]) == {"started_by": "drift"}
    alone.end(build)


def test_a_watch_for_drift_that_fails_and_one_that_runs_out_of_time_ring_and_are_mailed(alone: Flow) -> None:
    """As every machine's do; this one is there where something is captured alone."""
    ended = end_badly(alone, "drift")
    alone.wait_until(lambda: ringing(alone) >= of_machine("drift"), "not both alarms ring")
    for execution in ended:
        alone.wait_until(lambda name=execution: alone.mails(name), f"nobody is told of {execution}")


def instances(flow: Flow) -> int:
    """How many instances production has."""
    described = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)
    return int(described["ProductionVariants"][0]["DesiredInstanceCount"])


def test_the_fleet_follows_its_load_through_a_release(alone: Flow, built: Ended) -> None:
    """Registered by the release as the version says; let go of where a later version says nothing of it."""
    (package,) = alone.packages()
    scaling = alone.stand_in.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    with asking(alone) as clients:
        alone.wait_until(lambda: instances(alone) == 2, "the fleet does not grow")
        again = alone.end(alone.start({"model_package_arn": package}, "release"))
        assert again.status == "SUCCEEDED", again.cause
        assert instances(alone) == 2, "a release keeps what production has"
    alone.wait_until(lambda: instances(alone) == 1, "the fleet does not shrink")
    assert set(clients.count()) == {"right"}
    assert len({one.model for one in clients.answers}) == 1
    ended = alone.end(alone.start({"model_package_arn": package, "maximum_instances": 0}, "release"))
    assert ended.status == "SUCCEEDED", ended.cause
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
