"""The edge of telling: one event in, one mail out, the readable cause back.

Called by the machines at every end of theirs, and by EventBridge for the ends that no machine can tell of itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.notify import mail
from lambdas.notify.cause import TOLD, readable

FROM_OUTSIDE = "Step Functions Execution Status Change"


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    topic_arn: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(project=environ["PROJECT"], topic_arn=environ["TOPIC_ARN"])


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
sns = boto3.client("sns")


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tell everyone subscribed; return ``{"cause", "sent"}``."""
    if event.get("detail-type") == FROM_OUTSIDE:
        return tell_from_outside(event)
    if event.get("kind") == "released":
        send(mail.write_release(event, environment.project), "ReleaseTold")
        return {"cause": "", "sent": True}
    if event.get("kind") == "told":
        # The nested execution that failed has told why already; only its cause is wanted here.
        metrics.add_metric(name="FailureToldBefore", unit=MetricUnit.Count, value=1)
        return {"cause": readable(event.get("error")), "sent": False}
    send(mail.write_failure(event, environment.project), "FailureTold")
    return {"cause": readable(event.get("error")), "sent": True}


def tell_from_outside(event: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of an execution's end unless the machine did before it failed."""
    detail = event.get("detail") or {}
    cause = readable({"Error": detail.get("error"), "Cause": detail.get("cause")})
    if detail.get("status") == "FAILED" and detail.get("error") in TOLD:
        metrics.add_metric(name="FailureToldBefore", unit=MetricUnit.Count, value=1)
        return {"cause": cause, "sent": False}
    send(mail.write_end(detail, environment.project), "EndTold")
    return {"cause": cause, "sent": True}


def send(message: mail.Mail, metric: str) -> None:
    """Publish one mail."""
    sns.publish(TopicArn=environment.topic_arn, Subject=message.subject, Message=message.text)
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    logger.info("told", subject=message.subject)
