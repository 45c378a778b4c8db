"""The command line's door: the identity that AWS names decides, and nobody else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lambdas.decide import command as function
from tests.lambdas.conftest import Context
from tests.lambdas.decide.conftest import KEY, SECRET, TOKEN, Waiting, stored
from tests.lambdas.decide.test_handler import signed

ADA = "arn:aws:sts::123456789012:assumed-role/Approvers/ada"
ORDER = {"request": KEY["id"], "decision": "approve", "comment": "fine"}


def call(order: Any = None, caller: Any = ADA, method: str = "POST", **event: Any) -> tuple[int, dict[str, Any]]:
    """One signed request: its status, and what it was told."""
    context: dict[str, Any] = {"http": {"method": method, "path": "/"}, "authorizer": {"iam": {"userArn": caller}}}
    asked = {
        "version": "2.0",
        "rawPath": "/",
        "requestContext": context,
        "headers": {},
        "isBase64Encoded": False,
        "body": json.dumps(ORDER if order is None else order),
        **event,
    }
    answer = function.handler(asked, Context())
    return answer["statusCode"], json.loads(answer["body"])


def test_the_identity_that_signed_decides(pending: Any, execution: Waiting) -> None:
    """It is kept in the signed decision, with the door."""
    execution.takes()
    status, told = call()
    assert (status, told["decision"], told["by"], told["door"]) == (200, "approved", ADA, "command")
    decision = signed(pending).decision
    assert (decision.by, decision.door, decision.comment) == (ADA, "command", "fine")
    assert stored(pending)["delivered"] is True


def test_a_name_that_the_caller_gives_is_not_looked_at(pending: Any, execution: Waiting) -> None:
    """Only AWS says who somebody is."""
    execution.takes()
    assert call({**ORDER, "by": "Eve", "name": "Eve", "userArn": "Eve"})[1]["by"] == ADA


@pytest.mark.parametrize("caller", [None, "", 7, "ada", []])
def test_whom_aws_does_not_name_is_refused(pending: Any, execution: Waiting, caller: Any) -> None:
    """Also where the address lost its sign that IAM is to be asked."""
    assert call(caller=caller)[0] == 403
    assert call(requestContext={"http": {"method": "POST"}})[0] == 403
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize(
    "order",
    [
        *({**ORDER, "decision": said} for said in ("approved", "", None)),
        *({**ORDER, "request": key} for key in ("", "champion", "decision#x", 7)),
        *({**ORDER, "comment": said} for said in (None, "x" * 501)),
        {},
        [],
    ],
    ids=str,
)
def test_an_order_that_is_not_whole_decides_nothing(pending: Any, execution: Waiting, order: Any) -> None:
    """And no other item of the table is read as a request."""
    assert call(order)[0] == 400
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("body", ["", "{", "!", "x" * 30_000])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_that_is_no_order_decides_nothing(pending: Any, execution: Waiting, body: str, encoded: bool) -> None:
    """Whatever arrives."""
    assert call(body=body, isBase64Encoded=encoded)[0] == 400


def test_an_order_is_read_whether_or_not_it_came_as_base64(pending: Any, execution: Waiting) -> None:
    """Lambda encodes bodies as it sees fit."""
    execution.takes()
    body = base64.b64encode(json.dumps(ORDER).encode()).decode()
    assert call(body=body, isBase64Encoded=True)[0] == 200


def test_reading_decides_nothing_and_a_request_that_is_not_there_is_said_so(pending: Any, execution: Waiting) -> None:
    """An address that somebody opens."""
    assert call(method="GET")[0] == 405
    assert call({**ORDER, "request": "approval#unknown"})[0] == 404


def test_a_request_from_before_digests_were_kept_is_decided_by_nobody(pending: Any, execution: Waiting) -> None:
    """It says no bytes, and its run has to ask anew."""
    pending.update_item(
        Key=KEY, UpdateExpression="REMOVE secret SET nonce = :old", ExpressionAttributeValues={":old": "x"}
    )
    status, told = call()
    assert (status, stored(pending)["status"]) == (409, "pending")
    assert "older than the stack's last update" in told["error"]


def test_the_second_decision_is_told_what_stands(pending: Any, execution: Waiting) -> None:
    """Who, and by which door."""
    execution.takes()
    call()
    status, told = call({**ORDER, "decision": "reject"}, caller=ADA.replace("ada", "ben"))
    assert (status, told["decision"], told["by"], told["door"]) == (409, "approved", ADA, "command")


def test_where_nobody_waits_any_more_nothing_is_said_to_be_approved(pending: Any, execution: Waiting) -> None:
    """The run was stopped meanwhile."""
    execution.is_gone()
    status, told = call()
    assert (status, told["status"], told["decision"]) == (410, "closed", None)


def test_a_decision_that_could_not_be_delivered_is_said_so(pending: Any, execution: Waiting) -> None:
    """It stands, and is delivered by itself."""
    execution.fails("ThrottlingException")
    status, told = call()
    assert (status, told["decision"], told["delivered"]) == (202, "approved", False)


def test_nothing_that_decides_is_answered_or_logged(pending: Any, execution: Waiting, log_of: Any) -> None:
    """Neither the token nor what nonces are made with."""
    log = log_of(function)
    execution.takes()
    told = json.dumps(call()[1])
    assert log.text
    for secret in (TOKEN, SECRET, KEY["id"]):
        assert secret not in told + log.text
    assert json.loads(told)["nonce"] is None


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_whoever_decides_second_is_told_that_theirs_did_not_count(
    pending: Any, execution: Waiting, decision: str
) -> None:
    """The same decision of somebody else is none of theirs; one's own, sent again, is."""
    execution.takes()
    assert call()[0] == call()[0] == 200
    status, told = call({**ORDER, "decision": decision}, ADA.replace("ada", "ben"))
    assert (status, told["by"]) == (409, ADA)
    assert f"Your decision, {decision}, did not count. It was already approved by {ADA}" in told["error"]
