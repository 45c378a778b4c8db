"""Runs are started with a checked input."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import ServiceError, UsageError
from workflow.runs.start import read_settings, start_run

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:greenlight-build"


def test_pairs_go_over_the_document_and_keep_their_types() -> None:
    """Numbers are numbers, words are words, a dot goes inside."""
    given = read_settings(("epochs=20", "model=yolov8s", "hyperparameters.lr0=0.01"), '{"epochs": 3, "seed": 1}')
    assert given == {"epochs": 20, "seed": 1, "model": "yolov8s", "hyperparameters": {"lr0": 0.01}}


@pytest.mark.parametrize(
    ("pairs", "document", "said"),
    [
        (("epoch=3",), "", "epoch: unknown key; allowed are"),
        (("epochs=0",), "", "epochs = 0: must be a whole number from 1 to 1000"),
        (("epochs",), "", "--set epochs: must be key=value"),
        (("epochs.x=1",), '{"epochs": 3}', "epochs is no object"),
        ((), "{", "not readable JSON"),
        ((), "[]", "must be a JSON object"),
        (("dataset=photos",), "", "must be an S3 address"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_starts(pairs: tuple[str, ...], document: str, said: str) -> None:
    """The key, what was found, what is allowed."""
    with pytest.raises(UsageError) as caught:
        read_settings(pairs, document)
    assert said in str(caught.value)


def test_a_run_is_named_after_the_time() -> None:
    """Unless the person names it."""
    cloud = ScriptedCloud({"start_execution": {"executionArn": "arn:x"}})
    assert start_run(cloud, MACHINE, {"epochs": 3}) == "arn:x"
    start_run(cloud, MACHINE, {}, "mine")
    first, second = (asked for _, asked in cloud.asked)
    assert datetime.strptime(first["name"], "%Y-%m-%dT%H-%M-%S")
    assert json.loads(first["input"]) == {"epochs": 3}
    assert second["name"] == "mine"


def test_a_name_that_is_taken_is_said_so() -> None:
    """Step Functions keeps names for ninety days."""
    cloud = ScriptedCloud({"start_execution": ServiceError("ExecutionAlreadyExists", "exists")})
    with pytest.raises(UsageError, match="a run named 'mine' exists already"):
        start_run(cloud, MACHINE, {}, "mine")
