"""A folder of pictures is answered by an approved version, without an endpoint, and by no other version."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from tests.flow.driver import Flow
from workflow.commands.cli import run
from workflow.contract.capture import Captured


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


def keep_captured(flow: Flow, identity: str, detections: list[dict[str, object]]) -> None:
    """A picture as production keeps it, with what it is said to have answered; alike in all but that."""
    now, picture = datetime.now(UTC), io.BytesIO()
    Image.new("RGB", (1000, 1000), "grey").save(picture, "JPEG")
    place = f"captured/kept/{now:%Y/%m/%d}/{identity}"
    answer = {"width": 1000, "height": 1000, "detections": [{**one, "score": 0.99} for one in detections]}
    told = Captured(identity, "production", "main", now.isoformat(), f"{place}.jpg", "image/jpeg", "d" * 64, answer)
    for key, body in ((f"{place}.jpg", picture.getvalue()), (f"{place}.json", json.dumps(told.document()).encode())):
        flow.storage.put_object(Bucket=flow.stack.bucket, Key=key, Body=body)


def test_production_without_an_endpoint_is_released_asked_and_rolled_back_by_batches(
    guarded: Flow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under enforced rights. Every picture has a row, a refused one its reason; and nobody's version answers."""
    built = guarded.build(guarded.upload(), serve="batch")
    assert (built.status, built.cause) == ("SUCCEEDED", "")
    package = built.output["package"]["arn"]
    assert guarded.sagemaker.list_endpoints()["Endpoints"] == []
    told = [mail["subject"] for mail in guarded.mails()]
    assert [sum(words in one for one in told) for words in ("production serves", "pictures answered")] == [1, 0]
    smoke = json.loads(stored(guarded, f"{built.output['plan']['uris']['evaluation']}smoke/smoke.json"))

    pictures = tmp_path / "pictures"
    (pictures / "deep").mkdir(parents=True)
    for name, content in (("a.jpg", b"one"), ("deep/b.jpg", b"another"), ("broken.jpg", b"no picture at all")):
        (pictures / name).write_bytes(content)
    capsys.readouterr()
    assert run(["predict", str(pictures / "a.jpg")]) == 2
    assert "greenlight batch FOLDER" in capsys.readouterr().err
    assert run(["batch", str(pictures), "--instances", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["picture"]: row for row in map(json.loads, stored(guarded, said["answers"]).split("\n")[:-1])}
    assert rows["broken.jpg"]["error"] == "this is no picture"
    for name in ("a.jpg", "deep/b.jpg"):
        assert rows[name]["detections"] == smoke["images"][0]["detections"]
        assert rows[name]["model_digest"] == smoke["model_digest"]
    assert (said["answered"], said["refused"], said["objects"]) == (2, 1, 2)
    assert "broken.jpg" in stored(guarded, said["page"])
    assert "2 of 3 pictures answered" in guarded.mails(said["run"])[0]["subject"]
    assert guarded.sagemaker.list_models()["Models"] == []

    # Of what production was asked, the picture that the version sees otherwise now is the one worth a label.
    keep_captured(guarded, "seen-alike", smoke["images"][0]["detections"])
    keep_captured(guarded, "seen-otherwise", [{"class": "thing", "score": 0.99, "box": [900, 900, 990, 990]}])
    labelled = guarded.upload().rstrip("/").rpartition("/")[2]
    label = {"Key": f"datasets/{labelled}/labels/0.txt", "Body": b"0 0.5 0.5 0.1 0.1\n"}
    guarded.storage.put_object(Bucket=guarded.stack.bucket, **label)
    picking = ["label", "pick", "--count", "1", "--for", "yolo", "--name", labelled, "--to", str(tmp_path / "task")]
    assert run([*picking, "--against", "1", "--json"]) == 0, capsys.readouterr().err
    (chosen,) = json.loads(capsys.readouterr().out)["pictures"]
    assert (chosen["name"], chosen["why"]) == ("seen-otherwise.jpg", "the other version sees something else")
    # Copies of what was captured would outlive it.
    listed = guarded.storage.list_objects_v2(Bucket=guarded.stack.bucket, Prefix="batches/")["Contents"]
    assert [item["Key"] for item in listed if "seen-" in item["Key"]] == []

    assert run(["batch", str(pictures), "--version", str(register_unasked(guarded)), "--json"]) == 1
    refused = json.loads(capsys.readouterr().out)
    assert (refused["error"], "not Approved" in refused["cause"]) == ("Batch.Refused", True)
    assert "Create the model" not in [state["name"] for state in refused["states"]]

    back = guarded.end(guarded.start({"model_package_arn": package}, "release"))
    assert (back.status, back.cause) == ("SUCCEEDED", "")
    assert "Compare with the evaluation" in back.states
    assert "Create production" not in back.states
    assert run(["releases", "--json"]) == 0
    live, first = json.loads(capsys.readouterr().out)
    assert (live["version"], live["live"], first["live"]) == (1, True, False)
