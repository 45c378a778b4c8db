"""A version from before decisions were signed, where policies are enforced: refused, adopted, released again."""

from __future__ import annotations

import json

import pytest

from tests.flow.driver import Flow
from workflow.commands.cli import run
from workflow.contract.table_keys import decision_key


def test_a_version_without_a_signed_decision_comes_back_once_it_is_adopted(
    guarded: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it was approved: its decision is taken away, as it would be of an older stack."""
    built = guarded.build(guarded.upload())
    assert (built.status, built.cause) == ("SUCCEEDED", "")
    package = built.output["package"]["arn"]
    database = guarded.stand_in.client("dynamodb")
    database.delete_item(TableName=guarded.stack.table, Key={"id": {"S": decision_key(package)}})
    refused = guarded.end(guarded.start({"model_package_arn": package}, "release"))
    assert (refused.status, refused.error) == ("FAILED", "Release.Refused")
    assert "'greenlight adopt 1'" in refused.cause

    capsys.readouterr()
    adopting = ["adopt", "1", "--reason", "in use since May", "--yes", "--json"]
    assert run(adopting) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["package_version"], told["door"], told["comment"]) == (1, "adoption", "in use since May")
    assert told["by"].startswith("arn:aws:iam::")
    assert run(adopting) == 0, "the same order again is no second one"
    capsys.readouterr()
    assert run(["adopt", "1", "--reason", "another", "--yes"]) == 1
    assert "decided on before: approved by arn:aws:iam::" in capsys.readouterr().err

    released = guarded.end(guarded.start({"model_package_arn": package}, "release"))
    assert (released.status, released.cause) == ("SUCCEEDED", "")
    assert run(["releases", "--json"]) == 0
    live, first = json.loads(capsys.readouterr().out)
    assert (live["approval"]["door"], live["approval"]["comment"]) == ("adoption", "in use since May")
    assert (first["approval"]["by"], first["approval"]["door"]) == ("Ada", "link")
