"""A folder of pictures is answered by an approved version, without an endpoint, and by no other version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flow.driver import Flow
from workflow.commands.cli import run


def stored(flow: Flow, uri: str) -> str:
    """A stored text."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return str(flow.storage.get_object(Bucket=bucket, Key=key)["Body"].read().decode())


def register_unasked(flow: Flow) -> int:
    """Register production's version once more, which nobody decides about; its number."""
    (package,) = flow.packages()
    described = flow.sagemaker.describe_model_package(ModelPackageName=package)
    created = flow.sagemaker.create_model_package(
        ModelPackageGroupName=flow.stack.package_group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification=described["InferenceSpecification"],
        CustomerMetadataProperties=described["CustomerMetadataProperties"],
    )
    return int(created["ModelPackageArn"].rpartition("/")[2])


def test_a_folder_is_answered_as_production_answers_and_by_nothing_that_nobody_approved(
    guarded: Flow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under enforced rights: every picture has a row, a refused one its reason; a page, a mail, and nothing else."""
    guarded.serving()
    expected = guarded.ask_production()
    pictures = tmp_path / "pictures"
    (pictures / "deep").mkdir(parents=True)
    for name, content in (("a.jpg", b"one"), ("deep/b.jpg", b"another"), ("broken.jpg", b"no picture at all")):
        (pictures / name).write_bytes(content)
    capsys.readouterr()
    assert run(["batch", str(pictures), "--instances", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["picture"]: row for row in map(json.loads, stored(guarded, said["answers"]).split("\n")[:-1])}
    assert rows["broken.jpg"]["error"] == "this is no picture"
    for name in ("a.jpg", "deep/b.jpg"):
        assert rows[name]["detections"] == expected["detections"]
        assert rows[name]["model_digest"] == expected["model_digest"]
    assert (said["answered"], said["refused"], said["objects"]) == (2, 1, 2)
    assert "broken.jpg" in stored(guarded, said["page"])
    assert "2 of 3 pictures answered" in guarded.mails(said["run"])[0]["subject"]
    assert not [one for one in guarded.sagemaker.list_models()["Models"] if "-batch-" in one["ModelName"]]

    assert run(["batch", str(pictures), "--version", str(register_unasked(guarded)), "--json"]) == 1
    refused = json.loads(capsys.readouterr().out)
    assert (refused["error"], "not Approved" in refused["cause"]) == ("Batch.Refused", True)
    assert "Create the model" not in [state["name"] for state in refused["states"]]
