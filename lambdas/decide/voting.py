"""Counts the people who said yes to a request, where the stack wants more than one to.

A vote is added under the condition that the request waits and that nobody else voted meanwhile, so that none is lost
and the last one needed is known. Each has a mark for its own request: what somebody else wrote there is no vote.
"""

from __future__ import annotations

import hmac
from typing import Any

from lambdas.decide import services
from lambdas.decide.answer import Answer
from lambdas.decide.services import dynamodb, environment, kms
from workflow.contract.approval import APPROVED, PENDING, StoredApproval
from workflow.contract.mark import MAC_ALGORITHM
from workflow.contract.vote import MarkedVote, Vote, count_people, has_voted, tally


def cast(approval: StoredApproval, answer: Answer, now_epoch: int) -> tuple[MarkedVote, ...]:
    """Every yes about a request, with this one; none for a no, and where one person is enough."""
    if answer.decision != APPROVED or (services.approvers.required == 1 and not approval.votes):
        return ()
    if has_voted(approval.said_yes, answer.names):
        return approval.votes
    vote = Vote(by=answer.by, door=answer.door, comment=answer.comment, at_epoch=now_epoch, also=answer.also)
    return (*approval.votes, MarkedVote(vote, mark(vote.message(approval.id)).hex()))


def are_enough(votes: tuple[MarkedVote, ...], answer: Answer) -> bool:
    """Whether an answer decides: a no at once, a yes as soon as enough people have said it."""
    needed = services.approvers.required
    return answer.decision != APPROVED or needed == 1 or count_people([one.vote for one in votes]) >= needed


def add(approval: StoredApproval, vote: MarkedVote, now_epoch: int) -> None:
    """Add a vote to a request. Raises DynamoDB's ConditionalCheckFailedException where it is not as it was read."""
    told = tally([*approval.said_yes, vote.vote], services.approvers.required)
    dynamodb.update_item(
        TableName=environment.table,
        Key={"id": approval.id},
        UpdateExpression="SET votes = list_append(if_not_exists(votes, :none), :one), tally = :tally",
        ConditionExpression=f"#status = :pending AND expires_epoch > :now AND {unchanged(approval)}",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":none": [],
            ":one": [vote.text()],
            ":tally": told,
            ":pending": PENDING,
            ":now": now_epoch,
            **seen(approval),
        },
    )


def unchanged(approval: StoredApproval) -> str:
    """DynamoDB's condition that nobody voted since a request was read; votes are only ever added."""
    return "size(votes) = :seen" if approval.votes else "attribute_not_exists(votes)"


def seen(approval: StoredApproval) -> dict[str, Any]:
    """The value that this condition names."""
    return {":seen": len(approval.votes)} if approval.votes else {}


def tell(approval: StoredApproval) -> str:
    """How many of the people it takes said yes to a request, and who; empty where nobody did."""
    return tally(approval.said_yes, services.approvers.required)


def are_marked(approval: StoredApproval) -> bool:
    """Whether every vote of a request is as this function has written it."""
    return all(
        hmac.compare_digest(mark(marked.vote.message(approval.id)).hex(), marked.mac.lower())
        for marked in approval.votes
    )


def mark(message: bytes) -> bytes:
    """The mark of a message by the stack's key: the same message always has the same one."""
    mac: bytes = kms.generate_mac(KeyId=environment.decision_key, MacAlgorithm=MAC_ALGORITHM, Message=message)["Mac"]
    return mac
