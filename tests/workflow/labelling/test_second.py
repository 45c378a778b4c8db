"""The other version answers in a batch, of which nothing stays: it was given copies of what was captured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.labelling.bucket import BUCKET, BucketCloud
from tests.workflow.labelling.production import answer, picture
from workflow.errors import GreenlightError
from workflow.labelling.second import ask_second
from workflow.stack.outputs import Stack, read_stack

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-batch"


class BatchCloud(BucketCloud):
    """A bucket, and a machine that answers pictures at once, or ends otherwise."""

    def __init__(self, status: str = "SUCCEEDED", denied: bool = False) -> None:
        super().__init__()
        self.status, self.denied, self.folder = status, denied, ""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "start_execution":
            self.folder = f"batches/{parameters['name']}/"
            pictures = [key for key in self.objects if key.startswith(f"{self.folder}pictures/")]
            rows = [{**answer("detect", 0.5), "picture": key.rpartition("/")[2]} for key in pictures]
            self.objects[f"{self.folder}batch/answers.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows).encode()
            self.objects[f"{self.folder}batch/summary.json"] = b"{}"
            return {"executionArn": "arn:one"}
        if operation == "describe_execution":
            plan = {"uris": {"joined": f"s3://{BUCKET}/{self.folder}batch/"}}
            return {"status": self.status, "output": json.dumps({"plan": plan})}
        if operation == "delete_objects":
            if self.denied:
                return {"Errors": [{"Code": "AccessDenied"}]}
            for one in parameters["Delete"]["Objects"]:
                del self.objects[one["Key"]]
            return {}
        return super().call(service, operation, **parameters)


@pytest.fixture
def stack() -> Stack:
    return replace(read_stack(BatchCloud(), "greenlight"), batch_machine_arn=MACHINE)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.jpg").write_bytes(picture(9))
    return tmp_path


def test_every_picture_has_the_other_versions_answer_and_nothing_stays(stack: Stack, pictures: Path) -> None:
    cloud = BatchCloud()
    cloud.objects["batches/another/pictures/a.jpg"] = b"of somebody else"
    assert ask_second(cloud, stack, pictures, 3, "me").keys() == {"one", "two"}
    assert list(cloud.objects) == ["batches/another/pictures/a.jpg"]


def test_nothing_stays_of_a_batch_that_fails(stack: Stack, pictures: Path) -> None:
    cloud = BatchCloud("FAILED")
    with pytest.raises(GreenlightError, match="has not answered"):
        ask_second(cloud, stack, pictures, 3, "me")
    assert cloud.objects == {}


def test_copies_that_cannot_be_deleted_are_named(stack: Stack, pictures: Path) -> None:
    with pytest.raises(GreenlightError, match=r"s3://bucket/batches/batch-\S+/ holds copies .*AccessDenied"):
        ask_second(BatchCloud(denied=True), stack, pictures, 3, "me")
