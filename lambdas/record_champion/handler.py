"""The edge of recording: writes champion and history in one transaction, on condition that this release has the lock.

Safe to repeat: a release that is recorded already is left as it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from aws_lambda_powertools.utilities.validation import validate

from lambdas.record_champion.history import champion, history

TEXT = {"type": "string", "minLength": 1}
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
PLAN = {
    "run": TEXT,
    "execution_arn": TEXT,
    "started_by": {"type": "string"},
    "model_package_arn": TEXT,
    "package_version": {"type": "integer", "minimum": 1},
    "model_digest": DIGEST,
    "archive_digest": DIGEST,
    "model_data_url": {"type": "string", "pattern": "^s3://"},
    "production_configuration": TEXT,
    "previous_configuration": {"type": "string"},
}
EVENT = {
    "type": "object",
    "required": ["plan"],
    "properties": {"plan": {"type": "object", "required": list(PLAN), "properties": PLAN}},
}


class NotHolderError(Exception):
    """Another release has the lock by now: nothing was recorded."""


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
table = boto3.resource("dynamodb").Table(environment.table)
dynamodb = table.meta.client


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return ``{"package_version", "released_epoch"}`` of the recorded release."""
    metrics.add_metric(name="ReleaseRecorded", unit=MetricUnit.Count, value=1)
    validate(event=event, schema=EVENT)
    plan = event["plan"]
    recorded = table.get_item(Key={"id": "champion"}, ConsistentRead=True).get("Item", {})
    if recorded.get("execution") == plan["execution_arn"]:
        logger.info("recorded already", package_version=plan["package_version"])
        released_epoch = int(recorded["released_epoch"])
    else:
        released_epoch = int(time.time())
        record(plan, released_epoch)
        logger.info("recorded", package_version=plan["package_version"])
    return {"package_version": plan["package_version"], "released_epoch": released_epoch}


def record(plan: Mapping[str, Any], released_epoch: int) -> None:
    """Write both items, or neither. Raises NotHolderError where this release has lost the lock."""
    held = {
        "TableName": environment.table,
        "Key": {"id": "release-lock"},
        "ConditionExpression": "execution = :me",
        "ExpressionAttributeValues": {":me": plan["execution_arn"]},
    }
    items = (champion(plan, released_epoch), history(plan, released_epoch))
    puts = [{"Put": {"TableName": environment.table, "Item": item}} for item in items]
    try:
        dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": held}, *puts])
    except dynamodb.exceptions.TransactionCanceledException as error:
        if error.response.get("CancellationReasons", [{}])[0].get("Code") != "ConditionalCheckFailed":
            raise
        raise NotHolderError(f"{plan['execution_arn']} no longer has the release lock") from error
