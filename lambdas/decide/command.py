"""The edge of the command line's door: a signed request to a function URL in, JSON out.

AWS checks the signature and says whose it is; that identity decides, and no link is needed. A request of anybody whom
AWS does not name is refused. Nothing here logs a request.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.decide import adopting, response, services
from lambdas.decide.answer import VERBS, Answer, OwnRunError, UnusableError
from lambdas.decide.came_of_it import settle
from lambdas.decide.deciding import deliver, find, take
from lambdas.decide.description import describe
from lambdas.decide.form import COMMENT_LENGTH
from lambdas.decide.services import logger, metrics, tracer
from lambdas.decide.voting import tell
from workflow.contract.approval import StoredApproval
from workflow.contract.decision import COMMAND
from workflow.contract.document import render
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import ContractError, choice, mapping, text
from workflow.contract.table_keys import APPROVAL

BODY_BYTES = 20_000


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take one decision: ``{"request", "decision", "comment"}``, of which ``request`` is the table's key.

    Or take a version over that was approved before decisions were signed: ``{"action": "adopt", "version", "reason"}``.
    """
    metrics.add_metric(name="CommandRequested", unit=MetricUnit.Count, value=1)
    caller = name_caller(event)
    if not caller:
        return refuse(403, "AWS does not say who you are.")
    if not services.approvers.lets(caller):
        return refuse(403, f"{caller} is not among the approvers of this stack.")
    if event["requestContext"]["http"]["method"].upper() != "POST":
        return refuse(405, "Decisions are posted.")
    try:
        given = read_body(event)
        if given.get("action") == "adopt":
            return adopting.answer(given, caller, context.invoked_function_arn, int(time.time()))
        key, answer = read_order(given, caller)
    except ContractError as error:
        return refuse(400, str(error))
    item = find(key)
    if item is None:
        return refuse(404, "There is no such request.")
    try:
        approval = StoredApproval.parse(item)
    except ContractError as error:
        logger.error("a request cannot be read", reason=str(error))
        return refuse(409, "This request cannot be decided on: it is damaged, or older than the stack's last update.")
    return decide(approval, answer, int(time.time()))


def name_caller(event: Mapping[str, Any]) -> str:
    """The ARN of the identity that signed; empty where AWS names none."""
    arn = event["requestContext"].get("authorizer", {}).get("iam", {}).get("userArn")
    return arn if isinstance(arn, str) and arn.startswith("arn:") else ""


def read_body(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is ordered. Raises ContractError where it is too long, or no JSON object."""
    body = event.get("body") or ""
    if len(body) > BODY_BYTES:
        raise ContractError("order: too long")
    try:
        plain = base64.b64decode(body, validate=True).decode() if event.get("isBase64Encoded") else body
        return mapping(json.loads(plain), "order")
    except (binascii.Error, ValueError, RecursionError) as error:
        raise ContractError(f"order: is no JSON object ({type(error).__name__})") from error


def read_order(given: Mapping[str, Any], caller: str) -> tuple[str, Answer]:
    """The key of a request, and what is to be answered. Raises ContractError on anything else."""
    key, verb = text(given, "request", "order"), choice(given, "decision", "order", tuple(VERBS))
    comment = show_plain(text(given, "comment", "order"))
    if not key.startswith(APPROVAL):
        raise ContractError("order.request: is not the key of a request")
    if len(comment) > COMMENT_LENGTH:
        raise ContractError(f"order.comment: may have {COMMENT_LENGTH} characters")
    return key, Answer(VERBS[verb], caller, comment, COMMAND, services.approvers.names(caller)[1:])


def decide(approval: StoredApproval, answer: Answer, now_epoch: int) -> dict[str, Any]:
    """Record the answer, deliver what stands, and say which it is."""
    try:
        approval = take(approval, answer, now_epoch)
    except OwnRunError as error:
        return refuse(403, str(error))
    except UnusableError as error:
        logger.error("cannot be decided", reason=str(error))
        return refuse(409, str(error))
    try:
        approval = deliver(approval.id)
    except (BotoCoreError, ClientError) as error:
        # Not lost: the watch tells the execution within minutes, and the answer says so.
        logger.error("the execution could not be told", error=type(error).__name__)
        metrics.add_metric(name="DecisionUndelivered", unit=MetricUnit.Count, value=1)
    status, told = settle(approval, answer, now_epoch)
    return response.document(status, render(describe(approval, now_epoch, notice=told, tally=tell(approval))))


def refuse(status: int, why: str) -> dict[str, Any]:
    """An answer that says only why nothing was decided."""
    return response.document(status, {"error": why})
