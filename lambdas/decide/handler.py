"""The edge of the page: a function URL's request in, a page or JSON out.

Only POST decides. A decision is recorded first, under the condition that nobody decided before, and delivered to the
execution afterwards; a decision that could not be delivered is delivered by the next POST. Nothing here logs an id, a
token or a request.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.decide import page, response
from lambdas.decide.description import describe
from lambdas.decide.link import Answer, FormError, Link, read_answer
from workflow.contract.approval import CLOSED, PENDING, DeliveredDecision, StoredApproval, item_id, token_in
from workflow.contract.document import render
from workflow.contract.names import split_s3_uri

KEPT_SECONDS = 400 * 24 * 3600
"""How long a decision stays readable behind its link."""

GONE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
"""What Step Functions answers when nobody waits for the token any more."""


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    table: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(table=environ["TABLE"])


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
stepfunctions = boto3.client("stepfunctions")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    metrics.add_metric(name="PageRequested", unit=MetricUnit.Count, value=1)
    link = Link.read(event)
    item = find(link.opaque_id) if link.opaque_id else None
    if item is None:
        return response.html(404, page.NOT_FOUND)
    if link.method in ("GET", "HEAD"):
        answer = show_report(item) if link.report else show(link, StoredApproval.parse(item), 200)
        return response.without_body(answer) if link.method == "HEAD" else answer
    if link.method == "POST" and not link.report:
        return take_decision(link, event, item)
    text = page.message("Not possible", "This address is for reading and, by its form, for deciding.")
    return response.html(405, text, extra={"Allow": "GET, HEAD" if link.report else "GET, HEAD, POST"})


def take_decision(link: Link, event: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """Take the posted decision if the request still waits, and deliver what is recorded."""
    approval = StoredApproval.parse(item)
    try:
        answer = read_answer(event, approval.nonce)
    except FormError as error:
        return show(link, approval, 400, str(error))
    now_epoch = int(time.time())
    if approval.waits(now_epoch):
        item = record_decision(link.opaque_id, answer, now_epoch)
        approval = StoredApproval.parse(item)
    if approval.undelivered():
        try:
            approval = StoredApproval.parse(deliver(link.opaque_id, item, approval))
        except (BotoCoreError, ClientError) as error:
            logger.error("the execution could not be told", error=type(error).__name__)
            metrics.add_metric(name="DecisionUndelivered", unit=MetricUnit.Count, value=1)
            return show(link, approval, 503)
    return show(link, approval, choose_status(approval, answer, now_epoch))


def choose_status(approval: StoredApproval, answer: Answer, now_epoch: int) -> int:
    """The HTTP status that tells a program whether this answer is the one that counts."""
    if approval.status == CLOSED or approval.expired(now_epoch):
        return 410
    return 200 if approval.decision == answer.decision else 409


def find(opaque_id: str) -> dict[str, Any] | None:
    """The stored request, or None."""
    item: dict[str, Any] | None = table.get_item(Key=key(opaque_id), ConsistentRead=True).get("Item")
    return item


def record_decision(opaque_id: str, answer: Answer, now_epoch: int) -> dict[str, Any]:
    """Record the decision unless there is one already; return the request as it then stands."""
    try:
        updated: dict[str, Any] = table.update_item(
            Key=key(opaque_id),
            UpdateExpression="SET #status = :decision, decision = :decision, decided_by = :by, #comment = :comment, "
            "decided_epoch = :now, expires_epoch = :kept",
            ConditionExpression="#status = :pending AND expires_epoch > :now",
            ExpressionAttributeNames={"#status": "status", "#comment": "comment"},
            ExpressionAttributeValues={
                ":decision": answer.decision,
                ":by": answer.by,
                ":comment": answer.comment,
                ":now": now_epoch,
                ":kept": now_epoch + KEPT_SECONDS,
                ":pending": PENDING,
            },
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        logger.info("somebody decided before")
        return find(opaque_id) or {}
    logger.info("decided", decision=answer.decision)
    metrics.add_metric(name=answer.decision.capitalize(), unit=MetricUnit.Count, value=1)
    return updated


def deliver(opaque_id: str, item: Mapping[str, Any], approval: StoredApproval) -> dict[str, Any]:
    """Tell the waiting execution what is recorded; return the request as it then stands."""
    at = datetime.fromtimestamp(approval.decided_epoch, UTC).isoformat().replace("+00:00", "Z")
    told = DeliveredDecision(decision=approval.decision, by=approval.decided_by, comment=approval.comment, at=at)
    try:
        stepfunctions.send_task_success(taskToken=token_in(item), output=json.dumps(render(told)))
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        logger.info("nobody waits for the decision any more")
        return close(opaque_id)
    # Sets the status as well: another POST may have found the token used up and closed the request meanwhile.
    delivered: dict[str, Any] = table.update_item(
        Key=key(opaque_id),
        UpdateExpression="SET delivered = :yes, #status = :decision",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":yes": True, ":decision": approval.decision},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    return delivered


def close(opaque_id: str) -> dict[str, Any]:
    """Mark the request as one nobody waits for, unless its decision was delivered meanwhile."""
    try:
        closed: dict[str, Any] = table.update_item(
            Key=key(opaque_id),
            UpdateExpression="SET #status = :closed",
            ConditionExpression="delivered = :no",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":closed": CLOSED, ":no": False},
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return find(opaque_id) or {}
    return closed


def show(link: Link, approval: StoredApproval, status: int, notice: str = "") -> dict[str, Any]:
    """Answer with the request as it stands, for a person or for a program."""
    now_epoch = int(time.time())
    if link.wants_json:
        return response.document(status, render(describe(approval, now_epoch, notice)))
    return response.html(status, page.render(approval, link.opaque_id, now_epoch, notice))


def show_report(item: Mapping[str, Any]) -> dict[str, Any]:
    """Answer with the evaluation's report, under a policy that lets it run nothing."""
    uri = StoredApproval.parse(item).request.report_uri
    bucket, path = split_s3_uri(uri)
    try:
        text = s3.get_object(Bucket=bucket, Key=path)["Body"].read().decode()
    except s3.exceptions.NoSuchKey:
        return response.html(404, page.message("No report", f"The report is not at {uri} any more."))
    answer = response.html(200, text, response.REPORT_POLICY)
    if response.fits(answer):
        return answer
    return response.html(200, page.message("Too large to show", f"Read the report at {uri}."))


def key(opaque_id: str) -> dict[str, str]:
    """The table's key of a request."""
    return {"id": item_id(opaque_id)}
