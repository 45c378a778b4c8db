"""Production's fleet grows with its load and shrinks without it, through a release, and no client loses an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import deployed
from tests.flow.driver import Flow

pytestmark = pytest.mark.standin
FOLLOWED: dict[str, Any] = {"maximum_instances": 2, "scale_target": 5, "scale_out_seconds": 0, "scale_in_seconds": 0}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Flow]:
    """A stack on a stand-in that enforces policies."""
    with deployed(tmp_path / "state", "--iam") as flow:
        yield flow


@contextmanager
def load(flow: Flow, answers: list[str], lost: list[str]) -> Iterator[None]:
    """Two clients that ask production ten times a second each."""
    over = threading.Event()

    def ask() -> None:
        runtime = flow.stand_in.client("sagemaker-runtime")
        while not over.wait(0.1):
            try:
                said = runtime.invoke_endpoint(
                    EndpointName=flow.stack.production_endpoint, ContentType="image/jpeg", Body=b"picture"
                )
                answers.append(json.loads(said["Body"].read())["model_digest"])
            except Exception as error:
                lost.append(str(error))

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for one in clients:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in clients:
            one.join()


def instances(flow: Flow) -> int:
    """How many instances production has."""
    described = flow.sagemaker.describe_endpoint(EndpointName=flow.stack.production_endpoint)
    return int(described["ProductionVariants"][0]["DesiredInstanceCount"])


def test_the_fleet_follows_its_load_through_a_release(alone: Flow) -> None:
    """Registered by the release as the version says; let go of where a later version says nothing of it."""
    built = alone.build(alone.upload(), **FOLLOWED)
    assert built.status == "SUCCEEDED", built.cause
    (package,) = alone.packages()
    scaling = alone.stand_in.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    answers: list[str] = []
    lost: list[str] = []
    with load(alone, answers, lost):
        alone.wait_until(lambda: instances(alone) == 2, "the fleet does not grow")
        again = alone.end(alone.start({"model_package_arn": package}, "release"))
        assert again.status == "SUCCEEDED", again.cause
        assert instances(alone) == 2, "a release keeps what production has"
    alone.wait_until(lambda: instances(alone) == 1, "the fleet does not shrink")
    assert lost == []
    assert len(set(answers)) == 1
    ended = alone.end(alone.start({"model_package_arn": package, "maximum_instances": 0}, "release"))
    assert ended.status == "SUCCEEDED", ended.cause
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
