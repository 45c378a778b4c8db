"""Takes a decision at whichever door it comes, signs it, and tells the waiting execution.

The signed decision and the request's own record are written in one transaction, under the condition that the request
waits and that nothing was decided about its version before; where something was, that stands. Where it takes more than
one person, a yes before the last one needed is only counted. The execution is told
afterwards, and again by the watch until it was told or nobody waits. Nothing here logs an id, a token or a comment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from lambdas.decide import services, voting
from lambdas.decide.answer import Answer, OwnRunError, UnusableError, draw_up, is_about
from lambdas.decide.services import dynamodb, environment, kms, logger, metrics, stepfunctions, table
from lambdas.decide.standing import believe, find_decided, find_standing, sign
from lambdas.decide.taken import has_taken
from workflow.contract.approval import (
    APPROVED,
    CLOSED,
    EXPIRED,
    PENDING,
    REJECTED,
    DeliveredDecision,
    StoredApproval,
    token_in,
)
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.document import render
from workflow.contract.mark import is_marked
from workflow.contract.person import are_same
from workflow.contract.table_items import found_item
from workflow.contract.vote import MarkedVote, has_voted

KEPT_SECONDS = 400 * 24 * 3600
"""How long a decision stays readable behind its link. The signed one is kept for good."""

GONE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
"""What Step Functions answers when nobody waits for the token any more."""

ATTEMPTS = 5
"""How often a record is tried that another one was in the way of."""

NAMES_LENGTH = 500
"""What the execution is told of the names: with the comment it has to fit the registry's 1,024 characters."""


NOT_ASKED = (
    "this request carries no mark of the function that asks: it was changed, or is older than the stack's last update. "
    "Stop its run and redrive it."
)

FORGET = "REMOVE #token, secret"
"""Once nobody may decide, nothing in the table lets anybody decide."""


def find(key: str) -> dict[str, Any] | None:
    """The stored request, or None."""
    return found_item(table.get_item(Key={"id": key}, ConsistentRead=True))


def look_up(key: str) -> StoredApproval:
    """The request as it stands now. Raises UnusableError where it is gone meanwhile."""
    item = find(key)
    if item is None:
        raise UnusableError("the request is gone meanwhile.")
    return StoredApproval.parse(item)


def take(approval: StoredApproval, answer: Answer, now_epoch: int) -> StoredApproval:
    """Record an answer, unless something stands already; the request as it then stands, not yet delivered.

    It goes on waiting where other people have to say yes as well; nobody counts twice. Raises UnusableError where the
    request does not say which bytes it is about, where nobody asked it, or what stands cannot be believed; OwnRunError
    where it would approve what the same person started.
    """
    for attempt in range(ATTEMPTS):
        # Each time it was read: it may have been changed since the last.
        if not is_asked(approval):
            raise UnusableError(NOT_ASKED)
        if not approval.waits(now_epoch):
            if approval.status in (APPROVED, REJECTED):
                find_decided(approval)
            return approval
        if answer.decision == APPROVED and may_not(answer.names, approval):
            raise OwnRunError("whoever started a run may not approve it. Somebody else has to.")
        standing = find_standing(approval)
        if standing is not None:
            return adopt(approval, standing, now_epoch)
        votes = voting.cast(approval, answer, now_epoch)
        decision = draw_up(approval, answer, now_epoch, [marked.vote for marked in votes])
        try:
            if voting.are_enough(votes, answer):
                write(approval, SignedDecision(decision, sign(decision)), votes, now_epoch)
                logger.info("decided", decision=answer.decision, door=answer.door)
                metrics.add_metric(name=answer.decision.capitalize(), unit=MetricUnit.Count, value=1)
            elif votes != approval.votes:
                voting.add(approval, votes[-1], now_epoch)
                logger.info("counted", votes=len(votes), door=answer.door)
                return look_up(approval.id)
            else:
                return approval
        except (
            dynamodb.exceptions.TransactionCanceledException,
            dynamodb.exceptions.ConditionalCheckFailedException,
        ):
            # Somebody decided at this moment, or is about to: look again who.
            time.sleep(0.02 * 2**attempt)
        approval = look_up(approval.id)
    if approval.waits(now_epoch):
        raise UnusableError("others are deciding at this moment. Try again.")
    return approval


def may_not(names: Iterable[str], approval: StoredApproval) -> bool:
    """Whether somebody of these names started what they would approve, in a stack that does not let them."""
    request, approvers = approval.request, services.approvers
    if not approvers.are_told_apart or approvers.starter_may or request.purpose != "release":
        return False
    return are_same(names, approvers.names(request.started_by))


def why_not(names: Iterable[str], approval: StoredApproval) -> str:
    """Why somebody of these names cannot approve, in words for them; empty where they can."""
    known = tuple(names)
    if may_not(known, approval):
        return "You started this run: somebody else has to approve it."
    if has_voted(approval.said_yes, known):
        return "You approved this: it waits for somebody else to approve it as well."
    return ""


def write(approval: StoredApproval, signed: SignedDecision, votes: tuple[MarkedVote, ...], now_epoch: int) -> None:
    """Write the decision and what the request says of it, or neither; ``votes`` are those that it names."""
    update = _decide(approval.id, signed.decision, now_epoch)
    if votes:
        update["UpdateExpression"] += ", votes = :votes"
        update["ConditionExpression"] += f" AND {voting.unchanged(approval)}"
        update["ExpressionAttributeValues"] |= {":votes": [vote.text() for vote in votes], **voting.seen(approval)}
    once = {"TableName": environment.table, "Item": signed.item(), "ConditionExpression": "attribute_not_exists(id)"}
    dynamodb.transact_write_items(
        TransactItems=[{"Put": once}, {"Update": update}],
    )


def adopt(approval: StoredApproval, standing: SignedDecision, now_epoch: int) -> StoredApproval:
    """Answer a request that waits with what was decided about its version before; the request as it then stands.

    Raises UnusableError where that is about other bytes, or carries no mark of ours.
    """
    decision = believe(standing)
    if not is_about(decision, approval):
        raise UnusableError("the decision that stands for this version is about other bytes.")
    try:
        dynamodb.update_item(**_decide(approval.id, decision, now_epoch))
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("somebody decided before")
    return look_up(approval.id)


def is_asked(approval: StoredApproval) -> bool:
    """Whether a request is as the function that asks has written it: whoever else wrote it cannot have it decided.

    Nor whoever wrote a yes onto it that nobody said.
    """
    genuine = is_marked(kms, environment.request_key, approval.message(), approval.mac)
    return genuine and voting.are_marked(approval)


def deliver(key: str) -> StoredApproval:
    """Tell the waiting execution what is recorded, unless it was told; the request as it then stands.

    Where it waits no more, its history says whether it was told. Raises botocore's errors where the execution could not
    be told, or nobody can tell; then the watch tries later. Raises UnusableError where no signed decision says it.
    """
    item = find(key)
    if item is None:
        raise UnusableError("the request is gone meanwhile.")
    approval = StoredApproval.parse(item)
    if not approval.undelivered():
        return approval
    decision = find_decided(approval)
    at = datetime.fromtimestamp(decision.at_epoch, UTC).isoformat().replace("+00:00", "Z")
    by = decision.names
    by = by if len(by) <= NAMES_LENGTH else by[: NAMES_LENGTH - 1] + "…"
    told = render(DeliveredDecision(decision=decision.decision, by=by, comment=decision.comment, at=at))
    token = token_in(item)
    try:
        stepfunctions.send_task_success(taskToken=token, output=json.dumps(told))
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        if not has_taken(approval.request.execution, told):
            logger.info("nobody waits for the decision any more")
            # Unless the state was tried again meanwhile, and waits with another token.
            return _change(
                key, {"status": CLOSED}, "delivered = :no AND #token = :tried", {":no": False, ":tried": token}
            )
    # Sets the status as well: somebody else may have found the token used up and closed the request meanwhile.
    return _change(key, {"delivered": True, "status": decision.decision}, "attribute_exists(id)", {})


def close(key: str) -> StoredApproval:
    """Take a request back that nobody waits for any more, unless it was decided on."""
    return _change(key, {"status": CLOSED}, "#status = :pending", {":pending": PENDING})


def expire(key: str, now_epoch: int) -> StoredApproval:
    """Mark a request that nobody decided on in time."""
    still = "#status = :pending AND expires_epoch <= :now"
    return _change(key, {"status": EXPIRED}, still, {":pending": PENDING, ":now": now_epoch})


def remember_reminder(key: str) -> bool:
    """Note that people are reminded of a request that waits; whether nobody noted it before."""
    try:
        dynamodb.update_item(
            TableName=environment.table,
            Key={"id": key},
            UpdateExpression="SET reminded = :yes",
            ConditionExpression="#status = :pending AND (attribute_not_exists(reminded) OR reminded = :no)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":yes": True, ":no": False, ":pending": PENDING},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _change(key: str, fields: Mapping[str, Any], condition: str, values: Mapping[str, Any]) -> StoredApproval:
    """Change a request that is over if it is as the condition says; the request as it then stands."""
    given = {f":{name}": value for name, value in fields.items()}
    try:
        changed: dict[str, Any] = dynamodb.update_item(
            TableName=environment.table,
            Key={"id": key},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in fields) + f" {FORGET}",
            ConditionExpression=condition,
            ExpressionAttributeNames={"#status": "status", "#token": "token", **{f"#{name}": name for name in fields}},
            ExpressionAttributeValues={**given, **values},
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return look_up(key)
    return StoredApproval.parse(changed)


def _decide(key: str, decision: Decision, now_epoch: int) -> dict[str, Any]:
    """DynamoDB's update of a request that still waits."""
    return {
        "TableName": environment.table,
        "Key": {"id": key},
        "UpdateExpression": "SET #status = :decision, decision = :decision, decided_by = :by, #comment = :comment, "
        "door = :door, decided_epoch = :at, expires_epoch = :kept",
        "ConditionExpression": "#status = :pending AND expires_epoch > :now",
        "ExpressionAttributeNames": {"#status": "status", "#comment": "comment"},
        "ExpressionAttributeValues": {
            ":decision": decision.decision,
            ":by": decision.names,
            ":comment": decision.comment,
            ":door": decision.door,
            ":at": decision.at_epoch,
            ":now": now_epoch,
            ":kept": now_epoch + KEPT_SECONDS,
            ":pending": PENDING,
        },
    }
