"""The commands where staging and production are in accounts of their own."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.commands.test_cli import STACK
from tests.workflow.runs.test_releases import CHAMPION, released
from workflow.commands.cli import run
from workflow.contract.production import ForeignRecord
from workflow.errors import ServiceError
from workflow.stack.doctor import OK, PROBLEM, UNKNOWN, look_at_accounts
from workflow.stack.outputs import Stack, read_stack
from workflow.stack.quotas import needs_on
from workflow.stack.stage_account import deploy_account

ACCOUNTS = {"StagingAccount": "222222222222", "ProductionAccount": "333333333333"}
MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:greenlight-release"


def spread(**answers: Answer) -> ScriptedCloud:
    """A cloud whose stack has its stages elsewhere."""
    stack: Any = json.loads(json.dumps(STACK["describe_stacks"]))
    (found,) = stack["Stacks"]
    found["Outputs"] = [one for one in found["Outputs"] if one["OutputKey"] != "ReleaseMachineArn"]
    told = {**ACCOUNTS, "ReleaseMachineArn": MACHINE}
    found["Outputs"] += [{"OutputKey": name, "OutputValue": value} for name, value in told.items()]
    return ScriptedCloud({**STACK, "describe_stacks": stack, **answers})


def test_a_question_to_an_endpoint_elsewhere_says_whose_credentials_it_takes(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Instead of that there is no such endpoint."""
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"\xff\xd8\xff")
    assert run(["predict", str(picture), "--stage", "staging"], spread()) != 0
    said = capsys.readouterr().err
    assert "222222222222" in said
    assert "--endpoint greenlight-staging" in said


def test_what_production_serves_elsewhere_is_told_as_the_stack_has_seen_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Its endpoint is not asked about here, where it would not be found."""
    foreign = ForeignRecord("made-by-hand", 1).item()
    noted = {"id": {"S": foreign["id"]}, "configuration": {"S": "made-by-hand"}, "told_epoch": {"N": "1"}}

    def find(asked: dict[str, Any]) -> Mapping[str, Any]:
        return {"Item": noted if asked["Key"]["id"]["S"] == foreign["id"] else CHAMPION}

    answers: dict[str, Answer] = {
        "scan": {"Items": [released(1, 1)]},
        "list_executions": {"executions": []},
        "get_item": find,
    }
    cloud = spread(**answers, describe_endpoint=AssertionError("asked here"))
    assert run(["releases"], cloud) == 0
    assert "serves made-by-hand, which no release recorded" in capsys.readouterr().err


def test_the_quota_for_endpoints_is_another_accounts() -> None:
    """The account that builds serves nothing."""
    keys = {need.key for need in needs_on(spread(), "greenlight", ACCOUNTS, {}).every}
    assert keys == {"processing_instance"}
    assert "endpoint_instance" in {need.key for need in needs_on(spread(), "greenlight", {}, {}).every}


def answer(said: object, **more: str) -> Mapping[str, Any]:
    """What a function answers."""
    return {"Payload": io.BytesIO(json.dumps(said).encode()), **more}


@pytest.mark.parametrize(
    ("told", "states"),
    [
        (answer({"staging": "", "production": ""}), {"account of staging": OK, "account of production": OK}),
        (
            answer({"staging": "", "production": "the role R cannot be assumed"}),
            {"account of staging": OK, "account of production": PROBLEM},
        ),
        (answer({"errorMessage": "time is over"}, FunctionError="Unhandled"), {"accounts": UNKNOWN}),
    ],
    ids=["well", "no trust", "broken"],
)
def test_whether_a_release_reaches_the_accounts_is_asked_of_its_own_function(
    told: Mapping[str, Any], states: dict[str, str]
) -> None:
    """For no person may assume its roles."""
    cloud = spread(invoke=told)
    stack: Stack = read_stack(cloud, "greenlight")
    found = {one.what: one for one in look_at_accounts(cloud, stack)}
    assert {what: one.state for what, one in found.items()} == states
    for one in found.values():
        if one.state == PROBLEM:
            assert one.then.endswith("greenlight deploy --account-of production --build-account 111111111111")
    assert cloud.asked[-1][1]["FunctionName"] == "greenlight-plan-release"


NOT_THERE = ServiceError("ValidationError", "Stack with id greenlight-staging does not exist")


def account(**answers: Answer) -> ScriptedCloud:
    """The account of a stage, in which a change set changes nothing."""
    unchanged = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
    return ScriptedCloud(
        {
            "get_caller_identity": {"Account": "222222222222", "Arn": "arn:aws:iam::222222222222:user/ada"},
            "create_change_set": {"Id": "change", "StackId": "stack"},
            "describe_change_set": unchanged,
            "delete_change_set": {},
            **answers,
        }
    )


def wanted(cloud: ScriptedCloud) -> dict[str, Any]:
    """The change set that was asked for."""
    (asked,) = (parameters for operation, parameters in cloud.asked if operation == "create_change_set")
    return asked


def test_a_stage_s_account_is_told_who_builds_and_where_the_models_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stack is named after the stage, and its roles have names."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    cloud = account(describe_stacks=NOT_THERE)
    assert deploy_account("greenlight", "staging", "111111111111", cloud=cloud).account == "222222222222"
    asked = wanted(cloud)
    assert (asked["StackName"], asked["ChangeSetType"]) == ("greenlight-staging", "CREATE")
    assert asked["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert {one["ParameterKey"]: one["ParameterValue"] for one in asked["Parameters"]} == {
        "Project": "greenlight",
        "Stage": "staging",
        "BuildAccount": "111111111111",
        "Bucket": "greenlight-111111111111-us-east-1",
    }


def test_what_a_stage_s_account_was_told_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters and tags alike, unless others are given."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    there = {
        "StackStatus": "CREATE_COMPLETE",
        "StackId": "stack",
        "Parameters": [{"ParameterKey": name, "ParameterValue": "as it was"} for name in ("Bucket", "BuildAccount")],
        "Tags": [{"Key": "team", "Value": "vision"}],
    }
    cloud = account(describe_stacks={"Stacks": [there]})
    deploy_account("greenlight", "staging", "", cloud=cloud, parameters={"KeyArn": "arn:k"}, tags={"cost": "42"})
    asked = wanted(cloud)
    assert {one["ParameterKey"] for one in asked["Parameters"] if one.get("UsePreviousValue")} == {
        "Bucket",
        "BuildAccount",
    }
    assert {one["Key"]: one["Value"] for one in asked["Tags"]} == {
        "team": "vision",
        "cost": "42",
        "project": "greenlight",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--account-of", "staging"], "--build-account: say which account builds"),
        (["--account-of", "staging", "--email", "ada@example.com"], "--account-of goes with"),
        (["--account-of", "testing"], "is not one of"),
    ],
)
def test_what_a_stage_s_account_cannot_be_told_is_refused(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is touched."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    cloud = account(describe_stacks=NOT_THERE)
    assert run(["deploy", *words], cloud) != 0
    assert said in capsys.readouterr().err
    assert "create_change_set" not in [operation for operation, _ in cloud.asked]
