"""Taking over a version that was approved before decisions were signed: once, by an identity in AWS, as it lies."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.decide import adopting
from lambdas.decide import command as function
from tests.lambdas.conftest import Bucket, client
from tests.lambdas.decide.conftest import TOKEN, stored_request
from tests.lambdas.decide.test_command import ADA, call
from tests.lambdas.gate_metrics.figures import smoked
from tests.lambdas.plan_release.test_plan import ARN, DECISION, DESCRIBED
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.mark import MAC_ALGORITHM
from workflow.contract.stored_smoke import read_smoke
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import decision_key

ARCHIVE, FIGURES = b"the archive", b'{"the": "figures"}'
ORDER = {"action": "adopt", "version": 4, "reason": "released since May"}


def registered(**changes: Any) -> dict[str, Any]:
    """A version from before the evaluation's digest was registered, but for these properties."""
    described = copy.deepcopy(DESCRIBED)
    properties = {
        **described["CustomerMetadataProperties"],
        "archive_digest": sha256(ARCHIVE).hexdigest(),
        "evaluation_uri": "s3://greenlight-test/runs/one/evaluation/",
        **changes,
    }
    del properties["evaluation_digest"]
    (container,) = described["InferenceSpecification"]["Containers"]
    container["ModelDataUrl"] = "s3://greenlight-test/runs/one/model.tar.gz"
    described["CustomerMetadataProperties"] = {name: text for name, text in properties.items() if text}
    described |= {
        "ModelPackageName": "greenlight-4",
        "CreationTime": 0,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }
    return described


@contextmanager
def registry(described: dict[str, Any] | None, times: int = 1) -> Iterator[None]:
    """A registry that has this version as number 4, or none; it is asked at most so often."""
    with Stubber(adopting.sagemaker) as stub:
        for _ in range(times):
            if described is None:
                stub.add_client_error("describe_model_package", "ValidationException")
            else:
                stub.add_response("describe_model_package", described, {"ModelPackageName": ARN})
        yield


@pytest.fixture
def stored(bucket: Bucket, table: Any, decision_key: Any) -> Any:
    """The table, where archive and figures lie as they were registered; nobody has decided."""
    bucket.put("runs/one/model.tar.gz", ARCHIVE)
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    bucket.put("runs/one/evaluation/smoke/smoke.json", json.dumps(smoked()))
    bucket.put("runs/one/evaluation/smoke/0.jpg", b"a picture")
    bucket.put("runs/one/evaluation/report/index.html", b"the report")
    return table


def kept(table: Any) -> dict[str, Any] | None:
    """The decision about version 4 in the table."""
    return found_item(table.get_item(Key={"id": decision_key(ARN)}))


def test_a_version_is_adopted_as_it_lies_there(stored: Any, decision_key: Any) -> None:
    """By the identity that AWS names, marked with the stack's key."""
    with registry(registered()):
        status, told = call(ORDER)
    assert (status, told["by"], told["door"], told["comment"]) == (200, ADA, "adoption", "released since May")
    signed = SignedDecision.parse(kept(stored) or {})
    decision = signed.decision
    assert decision.document() == told
    assert (decision.model_package_arn, decision.package_version, decision.scope) == (ARN, 4, "")
    assert decision.archive_digest == sha256(ARCHIVE).hexdigest()
    assert decision.evaluation_digest == sha256(FIGURES).hexdigest()
    assert (decision.image, decision.dataset) == ("serving:1", "fasteners")
    assert decision.smoke_digest == read_smoke(client("s3"), "s3://greenlight-test/runs/one/evaluation/").digest
    assert decision.report_digest == sha256(b"the report").hexdigest()
    marked = {"KeyId": "alias/greenlight-decisions", "MacAlgorithm": MAC_ALGORITHM}
    assert decision_key.verify_mac(**marked, Message=decision.message(), Mac=signed.mac)["MacValid"]


def signed_by(kms: Any, decision: Decision) -> dict[str, Any]:
    """The item of a decision that the stack's key has marked."""
    marked = {"KeyId": "alias/greenlight-decisions", "MacAlgorithm": MAC_ALGORITHM}
    return SignedDecision(decision, kms.generate_mac(**marked, Message=decision.message())["Mac"]).item()


@pytest.mark.parametrize(
    ("changes", "status", "door"),
    [
        ({}, 200, "adoption"),
        ({"smoke_digest": "7" * 64}, 409, "link"),
        ({"decision": "rejected"}, 409, "link"),
        ({"archive_digest": "f" * 64}, 409, "link"),
        ({"evaluation_digest": "f" * 64}, 409, "link"),
        ({"image": "serving:0"}, 409, "link"),
    ],
    ids=["approved before", "approved", "rejected before", "another archive", "other figures", "another image"],
)
def test_an_approval_from_before_what_a_release_is_tried_with_was_signed_for_is_taken_over(
    stored: Any, decision_key: Any, changes: dict[str, Any], status: int, door: str
) -> None:
    """No release believes it any more; a decision that does not lack that stands, and so does a "no".

    So does one about other bytes: somebody changed in the registry what was approved.
    """
    archive, figures = (sha256(content).hexdigest() for content in (ARCHIVE, FIGURES))
    before = replace(DECISION, archive_digest=archive, evaluation_digest=figures)
    before = replace(before, smoke_digest="", report_digest="", dataset="")
    stored.put_item(Item=signed_by(decision_key, replace(before, **changes)))
    with registry(registered()):
        assert call(ORDER)[0] == status
    assert SignedDecision.parse(kept(stored) or {}).decision.door == door


def test_a_version_that_waits_for_a_decision_is_not_adopted(stored: Any) -> None:
    """Whoever may not approve it, because they started its run, would need to set its status first, and no more."""
    stored.put_item(Item=stored_request(package_arn=ARN).item(TOKEN))
    with registry(registered()):
        status, answer = call(ORDER)
    assert (status, "waits for a decision" in answer["error"]) == (409, True)
    assert kept(stored) is None


def test_whom_aws_does_not_name_adopts_nothing(stored: Any) -> None:
    """The body's own words say nothing of who somebody is."""
    assert call({**ORDER, "by": "Eve"}, caller=None)[0] == 403
    assert kept(stored) is None


def test_what_was_decided_before_stands(stored: Any) -> None:
    """Whoever comes second is told who came first, and why."""
    with registry(registered(), times=2):
        call(ORDER)
        status, told = call({**ORDER, "reason": "no, because"}, caller=ADA.replace("ada", "ben"))
    assert (status, told["by"], told["comment"]) == (409, ADA, "released since May")
    assert SignedDecision.parse(kept(stored) or {}).decision.by == ADA


def test_the_same_order_again_is_answered_as_the_first_was(stored: Any, decision_key: Any) -> None:
    """Its answer may have been lost; the time of the first one stands."""
    with registry(registered(), times=2):
        _, first = call(ORDER)
        older = replace(SignedDecision.parse(kept(stored) or {}).decision, at_epoch=first["at_epoch"] - 60)
        stored.put_item(Item=signed_by(decision_key, older))
        assert call(ORDER) == (200, older.document())


def test_what_somebody_wrote_into_the_table_is_not_told_as_a_decision(stored: Any) -> None:
    """It carries no mark of the stack's key, and nothing is written over."""
    with registry(registered(), times=2):
        call(ORDER)
        forged = {**(kept(stored) or {}), "mac": "00" * 32}
        stored.put_item(Item=forged)
        assert call(ORDER) == (409, {"error": "the decision that stands for this version carries no valid mark."})
    assert kept(stored) == forged


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_version_that_nobody_approved_is_not_adopted(stored: Any, status: str) -> None:
    """There are doors for that."""
    with registry(registered() | {"ModelApprovalStatus": status}):
        assert call(ORDER) == (409, {"error": f"version 4 is {status}, not Approved: there is nothing to adopt."})
    assert kept(stored) is None


@pytest.mark.parametrize(
    ("described", "told"),
    [
        (None, "there is no version 4"),
        (registered() | {"ModelPackageGroupName": "another"}, "is no version of the group greenlight"),
        (
            registered() | {"InferenceSpecification": {"Containers": [{"Image": "serving:1"}]}},
            "one image and one archive",
        ),
        (registered(model_digest=""), r"not registered whole: properties\.model_digest"),
    ],
    ids=["none", "another group", "no archive", "not whole"],
)
def test_what_is_no_whole_version_is_not_adopted(stored: Any, described: dict[str, Any] | None, told: str) -> None:
    """Nothing that a release could not use anyhow."""
    with registry(described):
        status, answer = call(ORDER)
    assert status == 409
    assert re.search(told, answer["error"])
    assert kept(stored) is None


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("runs/one/model.tar.gz", "no archive at s3://greenlight-test/runs/one/model.tar.gz"),
        ("runs/one/evaluation/metrics.json", "no evaluation at s3://greenlight-test/runs/one/evaluation/metrics.json"),
        ("runs/one/evaluation/smoke/0.jpg", "no smoke test at s3://greenlight-test/runs/one/evaluation/"),
    ],
)
def test_a_version_whose_bytes_are_gone_is_not_adopted(stored: Any, bucket: Bucket, key: str, told: str) -> None:
    """Nobody signs for what nobody has."""
    bucket.s3.delete_object(Bucket=bucket.name, Key=key)
    with registry(registered()):
        status, answer = call(ORDER)
    assert (status, told in answer["error"]) == (409, True)
    assert kept(stored) is None


def test_a_version_whose_archive_changed_is_not_adopted(stored: Any, bucket: Bucket) -> None:
    """It is not what was approved."""
    bucket.put("runs/one/model.tar.gz", b"another")
    with registry(registered()):
        status, answer = call(ORDER)
    assert (status, "the archive changed after registration" in answer["error"]) == (409, True)
    assert kept(stored) is None


def test_figures_that_were_registered_must_be_those(stored: Any) -> None:
    """As of a version that was registered since."""
    described = registered()
    described["CustomerMetadataProperties"]["evaluation_digest"] = "c" * 64
    with registry(described):
        status, answer = call(ORDER)
    assert (status, "the evaluation changed after registration" in answer["error"]) == (409, True)
    assert kept(stored) is None


@pytest.mark.parametrize(
    "order",
    [
        *({**ORDER, "version": said} for said in (0, -1, "4", None, 1.5, True)),
        *({**ORDER, "reason": said} for said in ("", " \n ", None, "x" * 501)),
        {"action": "adopt"},
        {**ORDER, "action": "Adopt"},
    ],
    ids=str,
)
def test_an_order_that_is_not_whole_adopts_nothing(stored: Any, order: dict[str, Any]) -> None:
    """A reason is a part of it."""
    assert call(order)[0] == 400
    assert kept(stored) is None


def test_nothing_of_an_order_is_logged(stored: Any, log_of: Any) -> None:
    """What a person wrote stays in the decision."""
    log = log_of(function)
    with registry(registered()):
        call(ORDER)
    assert "adopted" in log.text
    assert ORDER["reason"] not in log.text
