"""The edge of asking: stores the request with its task token, sends the mail, returns the request's id.

The token stays in the table: no log line, no trace and no error message carries it.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.ask_approval import mail
from lambdas.ask_approval.request import Request, read
from workflow.contract.model import TASKS

TEXT = {"type": "string"}
WHEN = {"type": "integer", "minimum": 1}
FIGURES = {"type": "object", "required": ["task"], "properties": {"task": {"enum": list(TASKS)}}}
EVENT = {
    "type": "object",
    "required": ["token", "purpose", "machine", "run", "execution", "package_arn"],
    "properties": {
        "token": {"type": "string", "minLength": 1},
        "purpose": {"enum": ["release", "production"]},
        "machine": TEXT,
        "run": TEXT,
        "execution": TEXT,
        "package_arn": {"type": "string", "pattern": "/[0-9]+$"},
        "started_by": TEXT,
        "dataset": {"type": "object", "properties": {"summary": TEXT}},
        "training": {"type": "object", "properties": {"instance": TEXT}},
    },
    "if": {"properties": {"purpose": {"const": "release"}}},
    "then": {
        "required": ["plan", "gate"],
        "properties": {
            "plan": {
                "required": ["dataset", "reason", "approval_seconds", "uris"],
                "properties": {"dataset": {"required": ["name"]}, "approval_seconds": WHEN},
            },
            "gate": {"required": ["summary", "reasons", "metrics", "report_uri"], "properties": {"metrics": FIGURES}},
        },
    },
    "else": {
        "required": ["release"],
        "properties": {
            "release": {
                "required": ["dataset_name", "package_version", "metrics", "approval_seconds", "evaluation_uri"],
                "properties": {"approval_seconds": WHEN, "metrics": FIGURES},
            },
        },
    },
}


class RequestRefused(Exception):
    """The state's data do not make a request: says which part, never its value."""


@dataclass(frozen=True)
class Environment:
    """The function's settings. ``approval_url`` ends with a slash."""

    project: str
    table: str
    topic_arn: str
    approval_url: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            table=environ["TABLE"],
            topic_arn=environ["TOPIC_ARN"],
            approval_url=environ["APPROVAL_URL"].rstrip("/") + "/",
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
sns = boto3.client("sns")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Ask; return ``{"id": …}``. The state goes on when somebody answers, not when this returns."""
    metrics.add_metric(name="ApprovalRequested", unit=MetricUnit.Count, value=1)
    try:
        validate(event=event, schema=EVENT)
    except SchemaValidationError as error:
        raise RequestRefused(f"the approval request is incomplete at {error.name}: {error.rule}") from None
    now_epoch = int(time.time())
    request = read(event, now_epoch)
    opaque_id = secrets.token_urlsafe(24)
    subject = mail.subject(request, environment.project)
    store(opaque_id, event["token"], subject, request, event["package_arn"], now_epoch)
    try:
        link = f"{environment.approval_url}a/{opaque_id}"
        sns.publish(TopicArn=environment.topic_arn, Subject=subject, Message=mail.body(request, link))
    except (BotoCoreError, ClientError):
        # The state asks again with a token of its own: this request must not stay in anybody's list.
        close(opaque_id)
        raise
    logger.info("asked", run=request.run, purpose=request.purpose, package_version=request.package_version)
    return {"id": opaque_id}


def store(opaque_id: str, token: str, subject: str, request: Request, package_arn: str, now_epoch: int) -> None:
    """Keep the request where the page finds it."""
    table.put_item(
        Item={
            "id": f"approval#{opaque_id}",
            "kind": "approval",
            "status": "pending",
            "token": token,
            "nonce": secrets.token_urlsafe(24),
            "delivered": False,
            "purpose": request.purpose,
            "machine": request.machine,
            "run": request.run,
            "execution": request.execution,
            "package_arn": package_arn,
            "package_version": request.package_version,
            "subject": subject,
            "summary": request.verdict,
            "started_by": request.started_by,
            "document": json.dumps(request.document(), ensure_ascii=False),
            "created_epoch": now_epoch,
            "expires_epoch": request.expires_epoch,
        },
        ConditionExpression="attribute_not_exists(id)",
    )


def close(opaque_id: str) -> None:
    """Take a request back that nobody was told of."""
    table.update_item(
        Key={"id": f"approval#{opaque_id}"},
        UpdateExpression="SET #status = :closed",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":closed": "closed"},
    )
