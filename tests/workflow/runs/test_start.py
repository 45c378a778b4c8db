"""Runs are started with a checked input."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import ServiceError, UsageError
from workflow.runs.start import input_of, read_settings, require_dataset, start_run

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:greenlight-build"


def test_pairs_go_over_the_document_and_keep_their_types() -> None:
    """Numbers are numbers, words are words, a dot goes inside."""
    given = read_settings(("epochs=20", "model=yolov8s", "hyperparameters.lr0=0.01"), '{"epochs": 3, "seed": 1}')
    assert given == {"epochs": 20, "seed": 1, "model": "yolov8s", "hyperparameters": {"lr0": 0.01}}


@pytest.mark.parametrize(
    ("pairs", "document", "said"),
    [
        (("epoch=3",), "", "epoch: unknown key; did you mean epochs? Allowed are"),
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


def stored(*keys: str) -> ScriptedCloud:
    """A bucket that holds these keys."""

    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        found = [key for key in keys if key.startswith(asked["Prefix"])]
        if "Delimiter" in asked:
            names = sorted({key[len(asked["Prefix"]) :].partition("/")[0] for key in found})
            return {"CommonPrefixes": [{"Prefix": f"{asked['Prefix']}{name}/"} for name in names]}
        return {"Contents": [{"Key": key} for key in found[: asked["MaxKeys"]]]} if found else {}

    return ScriptedCloud({"list_objects_v2": listed})


def test_a_dataset_that_is_not_there_is_refused_with_the_nearest_that_is() -> None:
    """Before a run starts; one whose name only begins so is another."""
    cloud = stored("datasets/fasteners/a.jpg", "datasets/bolts2/a.jpg")
    require_dataset(cloud, "bucket", {"dataset": "s3://bucket/datasets/fasteners/"})
    with pytest.raises(UsageError) as caught:
        require_dataset(cloud, "bucket", {"dataset": "s3://bucket/datasets/fastener/"})
    assert str(caught.value).split("\n") == [
        "there is no dataset 'fastener', so nothing was started; did you mean fasteners? There are bolts2, fasteners.",
        "  Upload it: greenlight upload FOLDER --name fastener",
    ]
    with pytest.raises(UsageError, match="there is no dataset 'bolts'"):
        require_dataset(cloud, "bucket", {"dataset": "s3://bucket/datasets/bolts"})
    with pytest.raises(UsageError, match="none was uploaded yet"):
        require_dataset(stored(), "bucket", {"dataset": "s3://bucket/datasets/bolts/"})
    with pytest.raises(UsageError, match="s3://elsewhere/photos/ holds no files; nothing was started"):
        require_dataset(stored(), "bucket", {"dataset": "s3://elsewhere/photos/"})


@pytest.mark.parametrize("code", ["AccessDenied", "403"])
def test_what_the_caller_may_not_look_into_is_left_to_the_run(code: str) -> None:
    """As is an input that names no dataset: its first state says so."""
    require_dataset(ScriptedCloud({"list_objects_v2": ServiceError(code, "no")}), "b", {"dataset": "s3://other/a/"})
    require_dataset(ScriptedCloud({}), "bucket", {})
    with pytest.raises(UsageError, match="there is no bucket other"):
        require_dataset(
            ScriptedCloud({"list_objects_v2": ServiceError("NoSuchBucket", "no")}), "b", {"dataset": "s3://other/a/"}
        )


def test_a_run_like_another_has_its_input_and_another_s_name() -> None:
    """Neither who started it nor that it was forced goes along, nor what Step Functions noted."""
    given = {"dataset": "s3://b/d/", "epochs": 3, "started_by": "ada", "force": True, "Comment": "from the console"}
    cloud = ScriptedCloud({"describe_execution": {"input": json.dumps(given)}})
    assert input_of(cloud, "arn:x") == {"dataset": "s3://b/d/", "epochs": 3}
