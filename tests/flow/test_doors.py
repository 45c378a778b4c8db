"""The doors beside the mailed link: an identity in AWS, and the model registry; and what closes them all."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.flow.driver import Flow
from workflow.clients import AwsCloud
from workflow.errors import UsageError
from workflow.runs.approvals import Approval, Approvals, decide
from workflow.stack import deploy

ROOT = "arn:aws:iam::000000000000:root"
ALLOWED = {"Effect": "Allow", "Action": ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"], "Resource": "*"}
REGISTRY = {"Effect": "Allow", "Action": "sagemaker:UpdateModelPackage", "Resource": "*"}
EVERY_KEY = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
ADA, BEN = (f"arn:aws:iam::000000000000:user/{name}" for name in ("ada", "ben"))


def waiting(flow: Flow, execution: str) -> Approval:
    """What an execution asks, once it does."""
    approvals = Approvals(AwsCloud(), flow.stack.table)
    flow.wait_until(lambda: approvals.of_execution(execution), "nobody is asked")
    found = approvals.of_execution(execution)
    assert found is not None
    return found


def version_of(flow: Flow, approval: Approval) -> str:
    """The ARN of the version that is asked about."""
    (arn,) = (arn for arn in flow.packages() if arn.endswith(f"/{approval.version}"))
    return arn


def decisions(flow: Flow, arn: str) -> list[dict[str, Any]]:
    """What was decided about a version."""
    table = flow.stand_in.client("dynamodb")
    items = table.scan(TableName=flow.stack.table, ConsistentRead=True)["Items"]
    return [json.loads(item["document"]["S"]) for item in items if item["id"]["S"] == f"decision#{arn}"]


def test_a_status_set_in_the_registry_decides_and_one_that_nobody_asked_for_is_put_right(flow: Flow) -> None:
    """The run goes on; whoever changes it afterwards changes nothing."""
    execution = flow.begin(flow.upload())
    arn = version_of(flow, waiting(flow, execution))
    flow.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="seen")
    assert flow.end(execution).status == "SUCCEEDED"
    (decision,) = decisions(flow, arn)
    assert (decision["decision"], decision["by"], decision["door"]) == ("approved", ROOT, "registry")
    flow.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    flow.wait_until(lambda: flow.packages()[arn] == "Approved", "the registry was not put right")
    said = flow.sagemaker.describe_model_package(ModelPackageName=arn)["ApprovalDescription"]
    assert f"approved by {ROOT} before" in said
    assert len(decisions(flow, arn)) == 1


def test_a_stopped_run_closes_what_it_asked_and_a_redriven_one_asks_anew(flow: Flow) -> None:
    """The old link says that nobody waits, whoever tries; the new one decides."""
    execution = flow.begin(flow.upload())
    waiting(flow, execution)
    mail = flow.request_mail(execution)
    assert mail is not None
    (link,) = (link for link in mail["links"] if "/a/" in link)
    flow.machines.stop_execution(executionArn=execution)

    def page() -> dict[str, Any]:
        request = urllib.request.Request(link, headers={"Accept": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            said: dict[str, Any] = json.load(answer)
        return said

    flow.wait_until(lambda: page()["status"] == "closed", "the request was not closed")
    flow.machines.redrive_execution(executionArn=execution)
    approval = waiting(flow, execution)
    assert page()["status"] == "closed"
    decide(AwsCloud(), flow.stack.decide_url, approval, "approve", "after all")
    assert flow.end(execution).status == "SUCCEEDED"
    (decision,) = decisions(flow, version_of(flow, approval))
    assert (decision["by"], decision["door"], decision["comment"]) == (ROOT, "command", "after all")


def test_nothing_in_the_history_names_the_request_or_decides(flow: Flow) -> None:
    """But the token itself, which a machine has to hand over."""
    execution = flow.begin(flow.upload())
    approval = waiting(flow, execution)
    mail = flow.request_mail(execution)
    assert mail is not None
    (opaque_id,) = (link.rpartition("/a/")[2] for link in mail["links"] if "/a/" in link)
    pages = flow.machines.get_paginator("get_execution_history").paginate(executionArn=execution)
    history = json.dumps([event for page in pages for event in page["events"]], default=str)
    assert opaque_id not in history
    assert approval.key not in history
    items = flow.stand_in.client("dynamodb").scan(TableName=flow.stack.table)["Items"]
    assert opaque_id not in json.dumps(items)
    decide(AwsCloud(), flow.stack.decide_url, approval, "reject", "")
    assert flow.end(execution).error == "Approval.Rejected"


def test_with_iam_only_who_may_decides_and_nobody_else_marks(guarded: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each function does its work with its own role; a user of every key cannot make a mark, and it takes two people.

    One comes by the command line, twice, the other by the registry; then the release believes them.
    """
    flow = guarded
    deploy.deploy("greenlight", parameters={"RequiredApprovals": "2"})
    execution = flow.begin(flow.upload())
    approval = waiting(flow, execution)
    iam = flow.stand_in.client("iam")
    keys = {}
    for user, statements in (("ada", [ALLOWED]), ("ben", [REGISTRY]), ("eve", [EVERY_KEY])):
        iam.create_user(UserName=user)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=user, PolicyName="given", PolicyDocument=policy)
        made = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def become(user: str) -> AwsCloud:
        for name, value in keys[user].items():
            monkeypatch.setenv(name.upper(), value)
        return AwsCloud()

    functions = flow.stand_in.client("lambda")
    settings = functions.get_function_configuration(FunctionName="greenlight-decide-command")["Environment"][
        "Variables"
    ]
    for call, more in (("generate_mac", {}), ("verify_mac", {"Mac": b"x" * 32})):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(flow.stand_in.client("kms", **keys["eve"]), call)(
                KeyId=settings["DECISION_KEY"], MacAlgorithm="HMAC_SHA_256", Message=b"x", **more
            )
    with pytest.raises(UsageError, match="AWS does not let you decide"):
        decide(become("eve"), flow.stack.decide_url, approval, "approve", "")
    for _ in range(2):
        told = decide(become("ada"), flow.stack.decide_url, approval, "approve", "")
        assert (told["status"], told["tally"]) == ("pending", f"1 of 2 approved, by {ADA} (command)")
    arn = version_of(flow, approval)
    assert (flow.packages()[arn], decisions(flow, arn)) == ("PendingManualApproval", [])
    registry = flow.stand_in.client("sagemaker", **keys["ben"])
    registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="so do I")
    assert flow.end(execution).status == "SUCCEEDED"
    (decision,) = decisions(flow, arn)
    assert [(vote["by"], vote["door"]) for vote in decision["votes"]] == [(ADA, "command"), (BEN, "registry")]
