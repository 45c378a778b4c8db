"""The edge of feedback: what somebody says of an answer in, and one object in the bucket that keeps it.

Safe to repeat: the same person's word about the same answer always has the same place. Nothing here logs who says it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.take_feedback.known import Answers
from lambdas.take_feedback.request import RequestError, is_http, read
from workflow.contract.feedback import judge
from workflow.contract.reading import ContractError


@dataclass(frozen=True)
class Environment:
    """The function's settings; ``days`` is how long answers and what is said of them are kept."""

    project: str
    bucket: str
    table: str
    days: int

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(environ["PROJECT"], environ["BUCKET"], environ["TABLE"], int(environ["CAPTURE_DAYS"]))


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
metrics.set_default_dimensions(project=environment.project)
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(environment.table)
answers = Answers(s3, table, environment.bucket, environment.days)


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Keep one feedback: ``{"inference_id", "verdict" or "boxes", "by"}``, or the API's request with it as its body.

    Answers the feedback that is kept, or ``{"error"}``; beside a ``status``, or as API Gateway takes an answer.
    """
    try:
        status, said = 200, keep(event, datetime.now(UTC))
    except RequestError as error:
        logger.info("refused", status=error.status)
        status, said = error.status, {"error": str(error)}
    metrics.add_metric(name="FeedbackKept" if status == 200 else "FeedbackRefused", unit=MetricUnit.Count, value=1)
    return reply(status, said) if is_http(event) else {"status": status, **said}


def keep(event: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Keep what is said; its document. Raises RequestError where it is refused."""
    request = read(event)
    given = request.given
    known = answers.find(given.inference_id, now, with_classes=given.boxes is not None)
    try:
        feedback = judge(given, known, request.by, now)
    except ContractError as error:
        raise RequestError(400, str(error)) from error
    document = feedback.document()
    body = json.dumps(document, ensure_ascii=False).encode()
    s3.put_object(Bucket=environment.bucket, Key=feedback.key(), Body=body, ContentType="application/json")
    logger.info("kept", answer=feedback.inference_id, verdict=feedback.verdict)
    return document


def reply(status: int, value: Mapping[str, Any]) -> dict[str, Any]:
    """JSON for a program; nobody keeps it."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    body = json.dumps(value, ensure_ascii=False)
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}
