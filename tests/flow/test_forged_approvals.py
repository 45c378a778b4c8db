"""What no signed decision says reaches neither staging nor production, whoever set a status or completed a task."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flow.driver import Ended, Flow


def release(flow: Flow, package: str, **given: Any) -> Ended:
    """Release a version by hand and wait for the end."""
    return flow.end(flow.start({"model_package_arn": package, **given}, "release"))


EVE = {"decision": "approved", "by": "Eve", "comment": "fine", "at": "2026-01-01T00:00:00Z"}


def complete_by_hand(flow: Flow, execution: str, answer: object = EVE) -> None:
    """Complete the task that asks a person, with its token, as whoever reads the table or the history can."""
    flow.wait_until(lambda: flow.request_mail(execution), f"{execution} does not ask")
    pages = flow.stand_in.client("dynamodb").get_paginator("scan").paginate(TableName=flow.stack.table)
    items = [item for page in pages for item in page["Items"]]
    (token,) = (
        item["token"]["S"] for item in items if item.get("execution", {}).get("S") == execution and "token" in item
    )
    flow.machines.send_task_success(taskToken=token, output=json.dumps(answer))


@pytest.mark.parametrize(
    "answer", ["approved", {}, {"decision": "approved"}, {"decision": 1, "by": "a", "comment": "b"}]
)
def test_a_question_that_is_completed_with_anything_ends_by_name(flow: Flow, answer: object) -> None:
    """And not as States.Runtime, of which the machine tells nobody; nothing is released."""
    execution = flow.begin(flow.upload())
    complete_by_hand(flow, execution, answer)
    ended = flow.end(execution)
    assert (ended.status, ended.error) == ("FAILED", "Approval.Failed")
    assert "completed by something that is no decision" in ended.cause
    assert "Release" not in ended.states


def newest(flow: Flow) -> str:
    """The ARN of the version that was registered last."""
    return str(
        flow.sagemaker.list_model_packages(
            ModelPackageGroupName=flow.stack.package_group, SortBy="CreationTime", SortOrder="Descending"
        )["ModelPackageSummaryList"][0]["ModelPackageArn"]
    )


def test_a_pending_version_set_approved_by_hand_is_not_released(flow: Flow) -> None:
    """Nobody answered its request; the status alone is no decision."""
    serving = flow.serving()
    assert flow.build(flow.upload(), decision="nothing", approval_hours=0.0006).error == "Approval.Expired"
    package = newest(flow)
    assert flow.packages()[package] == "PendingManualApproval"
    flow.sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    refused = release(flow, package)
    assert (refused.status, refused.error) == ("FAILED", "Release.Refused")
    assert "nobody decided about version" in refused.cause or "not Approved" in refused.cause
    assert flow.ask_production()["model_digest"] == serving


def test_a_version_that_was_born_approved_is_not_released(flow: Flow) -> None:
    """Somebody registered a copy of a good one into the group."""
    flow.serving()
    good = flow.sagemaker.describe_model_package(ModelPackageName=newest(flow))
    kept = ("ModelPackageGroupName", "InferenceSpecification", "CustomerMetadataProperties")
    forged = flow.sagemaker.create_model_package(
        **{key: good[key] for key in kept}, ModelApprovalStatus="Approved", ModelPackageDescription="the same"
    )["ModelPackageArn"]
    refused = release(flow, forged)
    assert (refused.status, refused.error) == ("FAILED", "Release.Refused")
    assert "nobody decided about version" in refused.cause or "not Approved" in refused.cause


def test_a_build_whose_token_somebody_completed_releases_nothing(flow: Flow) -> None:
    """The machine marks the model approved and starts a release, which believes neither."""
    serving = flow.serving()
    execution = flow.begin(flow.upload())
    complete_by_hand(flow, execution)
    ended = flow.end(execution)
    assert (ended.status, ended.error) == ("FAILED", "Release.Failed")
    # The status is put right as soon as the registry tells of it, which may be before the release looks.
    assert "nobody decided about version" in ended.cause or "not Approved" in ended.cause
    assert flow.ask_production()["model_digest"] == serving
    package = newest(flow)
    flow.wait_until(lambda: flow.packages()[package] == "PendingManualApproval", "the registry was not put right")
    assert "was marked Approved as nobody decided" in "".join(mail["subject"] for mail in flow.mails(package))


def test_a_release_whose_token_somebody_completed_stays_on_staging(flow: Flow) -> None:
    """The version's own decision is no answer to the question before production."""
    first, second = flow.build(flow.upload()), flow.build(flow.upload())
    assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")
    execution = flow.start(
        {"model_package_arn": first.output["package"]["arn"], "ask_before_production": True}, "release"
    )
    complete_by_hand(flow, execution)
    ended = flow.end(execution)
    assert (ended.status, ended.error) == ("FAILED", "Release.Refused")
    assert "for production in this release, whoever let it go on" in ended.cause
    assert flow.ask_production()["model_digest"] == second.output["gate"]["model_digest"]


def test_a_version_whose_figures_were_written_over_is_not_released(flow: Flow) -> None:
    """They are not those that a person decided on."""
    ended = flow.build(flow.upload())
    assert ended.status == "SUCCEEDED"
    bucket, _, key = ended.output["gate"]["metrics_uri"].removeprefix("s3://").partition("/")
    figures = flow.storage.get_object(Bucket=bucket, Key=key)["Body"].read()
    flow.storage.put_object(Bucket=bucket, Key=key, Body=figures + b" ")
    refused = release(flow, ended.output["package"]["arn"])
    flow.storage.put_object(Bucket=bucket, Key=key, Body=figures)
    assert (refused.status, refused.error) == ("FAILED", "Release.Refused")
    assert "the evaluation is not what Ada decided on" in refused.cause
    assert release(flow, ended.output["package"]["arn"]).status == "SUCCEEDED"
