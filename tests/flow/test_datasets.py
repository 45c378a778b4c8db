"""The versions of datasets on a deployed stack: kept by the runs that use them, and asked for by the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flow.driver import Flow
from workflow.commands.cli import run


def change(flow: Flow, dataset: str) -> str:
    """A copy of a dataset with another picture in the place of its second one, and its first labelled anew."""
    before, after = (address.removeprefix(f"s3://{flow.stack.bucket}/") for address in (dataset, flow.upload()))
    for name in ("images/0.jpg", "images/2.jpg", "behave.json"):
        source = {"Bucket": flow.stack.bucket, "Key": before + name}
        flow.storage.copy_object(Bucket=flow.stack.bucket, Key=after + name, CopySource=source)
    flow.storage.put_object(Bucket=flow.stack.bucket, Key=f"{after}labels/0.txt", Body=b"0 0.5 0.5 0.1 0.1\n")
    return f"s3://{flow.stack.bucket}/{after}"


def test_data_that_changed_is_another_version_and_its_pictures_lead_to_their_models(
    flow: Flow, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """From two runs to what differs between their data; and from an answer of production back to it."""

    def printed(*arguments: str) -> Any:
        capsys.readouterr()
        assert run(["datasets", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    data = flow.upload()
    first = flow.build(data)
    second = flow.build(change(flow, data), decision="reject")
    assert (first.status, second.error) == ("SUCCEEDED", "Approval.Rejected")
    one, two = (ended.arn.rpartition(":")[2] for ended in (first, second))
    digest = first.output["dataset"]["digest"]

    changes = printed(one, two)
    kinds = {kind: [one["name"] for one in changes[kind]] for kind in ("added", "removed")}
    assert kinds == {"added": ["images/1.jpg"], "removed": ["images/1.jpg"]}
    assert [pair["after"]["name"] for pair in changes["relabelled"]] == ["images/0.jpg"]
    assert (changes["before"]["digest"], changes["moved"], changes["same"]) == (digest, [], 1)
    listed = {one["digest"]: one for one in printed()}
    served, other = listed[digest], listed[changes["after"]["digest"]]
    version = int(first.output["package"]["arn"].rpartition("/")[2])
    assert (served["pictures"], served["address"]) == ({"train": 3, "validation": 3, "test": 3}, data)
    assert (served["serving"], served["runs"][0]["run"], served["runs"][0]["ended"]) == ([version], one, "registered")
    assert (other["serving"], other["runs"][0]["run"], other["model_versions"]) == ([], two, [version + 1])

    (tmp_path / "mine.jpg").write_text(f"picture {data.partition(flow.stack.bucket + '/')[2]} 1")
    found = printed("--picture", str(tmp_path / "mine.jpg"))
    assert [(held["digest"], held["picture"]["split"]) for held in found["versions"]] == [(digest, "validation")]
    assert found["serving"] == [version]
    back = printed("--model", flow.ask_production()["model_digest"])
    assert (back["run"], back["dataset"]["digest"], back["live"]) == (one, digest, True)

    # What was overwritten and deleted since is as it was, for a run that asks for the first version.
    prefix = data.removeprefix(f"s3://{flow.stack.bucket}/")
    flow.storage.put_object(Bucket=flow.stack.bucket, Key=f"{prefix}images/0.jpg", Body=b"another picture")
    flow.storage.delete_object(Bucket=flow.stack.bucket, Key=f"{prefix}images/1.jpg")
    third = flow.build(data, decision="reject", dataset_version=digest[:8], force=True)
    assert third.error == "Approval.Rejected", third.cause
    assert [use["run"] for use in printed()[0]["runs"]] == [one, third.arn.rpartition(":")[2]]
    assert printed()[0]["digest"] == digest
