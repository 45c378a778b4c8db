"""A production without an endpoint: its held-out pictures answered by a batch, and the way back proved by the next."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.demo.test_record import STACK
from workflow.batches.outcome import Outcome
from workflow.demo import batches
from workflow.demo.record import Finished
from workflow.demo.steps import Site
from workflow.errors import GreenlightError
from workflow.predictions import drawing
from workflow.runs.releases import Release

PACKAGE = "arn:aws:sagemaker:us-east-1:0:model-package/greenlight"
FINISHED = Finished("build", "release", f"{PACKAGE}/2", {}, "s3://bucket/runs/one/test/", "")
SEEN = {"class_id": 0, "class": "bolt", "score": 0.9, "box": [1, 2, 3, 4]}
ANSWER = {"model_digest": "2" * 64, "width": 8, "height": 6, "detections": [SEEN]}


class Answered:
    """A site whose batches leave these rows; ``tried`` are the batches' inputs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, rows: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
        content = {"answers.jsonl": lines, "index.html": b"<html>"}

        def read(asked: dict[str, Any]) -> dict[str, Any]:
            return {"Body": io.BytesIO(content.get(asked["Key"].rpartition("/")[2], b"picture"))}

        def describe(asked: dict[str, Any]) -> dict[str, Any]:
            version = asked["ModelPackageName"].rpartition("/")[2]
            return {"CustomerMetadataProperties": {"dataset_name": "fasteners", "model_digest": version * 64}}

        self.cloud = ScriptedCloud(
            {
                "start_execution": lambda asked: {"executionArn": f"arn:{asked['name']}"},
                "list_objects_v2": {"Contents": [{"Key": "runs/one/test/images/deep/a.jpg"}]},
                "get_object": read,
                "put_object": {},
                "describe_model_package": describe,
            }
        )
        self.site, self.page = Site("", self.cloud, STACK), folder / "batch" / "index.html"
        monkeypatch.setattr(batches, "HELD_OUT", folder)
        monkeypatch.setattr(batches, "BATCH_PAGE", self.page)
        monkeypatch.setattr(drawing, "draw", lambda *_: None)
        monkeypatch.setattr(batches, "show_to_its_end", lambda *_: None)
        monkeypatch.setattr(
            batches, "read_outcome", lambda *_: Outcome("s3://bucket/batches/one/batch/", {"line": "1 of 1 answered"})
        )

    @property
    def tried(self) -> list[dict[str, Any]]:
        return [json.loads(given["input"]) for name, given in self.cloud.asked if name == "start_execution"]


def test_every_held_out_picture_is_answered_by_what_production_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sent as a person's are, by no version that is named; with the page that sums it up, and where that is."""
    there = Answered(monkeypatch, tmp_path, [{"picture": "deep-a.jpg", **ANSWER}])
    (found,) = batches.answer_held_out(there.site, FINISHED, [])
    assert (found.file.name, found.text()) == ("deep-a.jpg", "1 bolt")
    ((_, sent),) = [one for one in there.cloud.asked if one[0] == "put_object"]
    (asked,) = there.tried
    assert (sent["Body"], f"s3://b/{sent['Key']}") == (b"picture", f"{asked['pictures']}deep-a.jpg")
    assert "model_package_arn" not in asked
    assert there.page.read_bytes() == b"<html>"
    assert f"1 of 1 answered: {there.page}" in capsys.readouterr().out


def test_a_picture_without_an_answer_fails_the_demonstration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the reason that the batch has for it."""
    there = Answered(monkeypatch, tmp_path, [{"picture": "deep-a.jpg", "error": "this is no picture"}])
    with pytest.raises(GreenlightError, match=r"no answer to deep-a\.jpg: this is no picture"):
        batches.answer_held_out(there.site, FINISHED, [])


@pytest.mark.parametrize(("released", "back", "answers"), [((2,), "2", "2"), ((2, 1), "1", "1"), ((2, 1), "1", "2")])
def test_the_way_back_is_proved_by_who_answers_the_next_batch(
    released: tuple[int, ...], back: str, answers: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The version before is released, or this one where there is none; that another answers is told."""
    (tmp_path / "a.jpg").write_bytes(b"picture")
    there = Answered(monkeypatch, tmp_path, [{"picture": "a.jpg", **ANSWER, "model_digest": answers * 64}])
    went: list[str] = []

    def release(site: Site, package: str, *_: Any) -> str:
        went.append(package)
        return "arn:release"

    monkeypatch.setattr(batches, "release", release)
    monkeypatch.setattr(batches, "list_releases", lambda *_: [as_released(one) for one in released])
    if back != answers:
        with pytest.raises(GreenlightError, match="after the way back 2222"):
            batches.go_back_by_batches(there.site, FINISHED, [])
        return
    found = batches.go_back_by_batches(there.site, FINISHED, [])
    assert (went, found.version, found.configuration) == ([f"{PACKAGE}/{back}"], back, "greenlight-batch")
    assert f"answered by its model {back * 12}" in found.text()


def as_released(version: int) -> Release:
    """A release of a version."""
    return Release(version, f"{PACKAGE}/{version}", "arn", datetime(2026, 12, 1, tzinfo=UTC), live=False)
