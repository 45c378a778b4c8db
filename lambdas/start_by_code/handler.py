"""The edge of the webhook: a signed request starts a build, whose name says which request it was.

A request that comes twice finds the build of the first: its name follows from what was signed, and Step Functions knows
a name for far longer than a signature is taken. Neither the secret nor a signature is logged or answered.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.start_by_code.signature import SHORTEST_SECRET, is_signed, read_signed
from workflow.contract.starting import start_once

LARGEST_BODY = 16 * 1024
SECRET_SECONDS = 300
"""How long the secret is taken as it was read: so soon a new one holds."""

REFUSED = "not signed with this stack's secret, or not just now"


class RequestError(Exception):
    """A request that starts nothing: the status to answer with, and why."""

    def __init__(self, status: int, why: str) -> None:
        """``why`` is for whoever sent it."""
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    machine: str
    secret_arn: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(environ["BUILD_MACHINE"], environ["WEBHOOK_SECRET_ARN"])


class Secret:
    """The stack's secret, read anew every few minutes."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._value, self._read_at = "", 0.0

    def value(self, now: float) -> str:
        """The secret. Raises RequestError where there is none that is worth the name."""
        if not self._value or now - self._read_at > SECRET_SECONDS:
            found = secretsmanager.get_secret_value(SecretId=environment.secret_arn)
            self._value, self._read_at = str(found.get("SecretString", "")).strip(), now
        if len(self._value) < SHORTEST_SECRET:
            logger.error("the secret is too short", shortest=SHORTEST_SECRET)
            raise RequestError(503, "the stack's secret cannot be used")
        return self._value


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
secretsmanager = boto3.client("secretsmanager")
stepfunctions = boto3.client("stepfunctions")
secret = Secret()


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer in the shape of a function URL: 202 with the run's name, or why nothing was started."""
    try:
        run = take(event, int(time.time()))
    except RequestError as error:
        metrics.add_metric(name="WebhookRefused", unit=MetricUnit.Count, value=1)
        logger.info("refused", status=error.status)
        return answer(error.status, {"error": str(error)})
    except (BotoCoreError, ClientError) as error:
        logger.error("nothing could be started", error=type(error).__name__)
        return answer(503, {"error": "nothing could be started; send it again"})
    metrics.add_metric(name="StartedByWebhook", unit=MetricUnit.Count, value=1)
    logger.info("started", run=run)
    return answer(202, {"run": run})


def take(event: Mapping[str, Any], now_epoch: int) -> str:
    """Start what a request asks for; the name of its run. Raises RequestError where it starts nothing."""
    if event.get("requestContext", {}).get("http", {}).get("method") != "POST":
        raise RequestError(405, "only POST starts a build")
    signed = read_signed(event.get("headers") or {}, now_epoch)
    if signed is None:
        raise RequestError(401, REFUSED)
    body = read_body(event)
    if not is_signed(secret.value(now_epoch), *signed, body):
        raise RequestError(401, REFUSED)
    given = read_input(body)
    mark = hashlib.sha256(signed[0].encode() + b"." + body).hexdigest()[:12]
    name = f"code-{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime(int(signed[0])))}-{mark}"
    start_once(stepfunctions, environment.machine, name, {"started_by": "webhook", **given})
    return name


def read_body(event: Mapping[str, Any]) -> bytes:
    """The bytes that were sent. Raises RequestError where they are too many."""
    text = str(event.get("body") or "")
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except binascii.Error as error:
        raise RequestError(400, "the body cannot be read") from error
    if len(body) > LARGEST_BODY:
        raise RequestError(413, f"the body is larger than {LARGEST_BODY} bytes")
    return body


def read_input(body: bytes) -> dict[str, Any]:
    """The execution's input; nothing sent is {}. What its keys may hold is the plan's to say."""
    try:
        given = json.loads(body or b"{}")
        # Python reads more than JSON has, such as NaN: Step Functions would refuse it however often it was sent.
        json.dumps(given, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "the body is no JSON") from error
    if not isinstance(given, dict):
        raise RequestError(400, "the body must be a JSON object, the input of a run")
    return given


def answer(status: int, value: Mapping[str, Any]) -> dict[str, Any]:
    """JSON for a program; nobody keeps it."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(value), "isBase64Encoded": False}
