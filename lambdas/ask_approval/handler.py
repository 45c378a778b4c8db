"""The edge of asking: stores the request with its task token, closes an older one of the execution, sends the mail.

Safe to repeat: where the mail was sent and only the state did not hear of it, the request takes the new token and
nobody is mailed again. The request carries a mark, so that nobody is asked for a decision by what somebody else wrote
into the table.

The token stays in the table, the id in the mail: no log line, no trace, no error message and no history carries either.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.ask_approval import mail
from lambdas.ask_approval.request import read_question, show_report
from workflow.contract.approval import CLOSED, PENDING, StoredApproval, item_id
from workflow.contract.approval_link import OPAQUE_BYTES, link_to
from workflow.contract.console import Console
from workflow.contract.digest import sha256_of
from workflow.contract.glance import Glance, find_glance
from workflow.contract.mark import MAC_ALGORITHM
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.stand_in import is_on_stand_in
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import asked_key
from workflow.contract.vote import read_required

KEPT_SECONDS = 400 * 24 * 3600
"""How long an execution's newest request is remembered: longer than it can be redriven."""


class RequestRefused(Exception):
    """The state's data do not make a request: says which part is missing or wrong, and never shows the token."""


class NotAsked(Exception):
    """A service did not take what it was given, so that nobody was asked: says its error. The state tries for hours."""


@dataclass(frozen=True)
class Environment:
    """The function's settings. ``approval_url`` is where the page is served, ``request_key`` what marks requests.

    ``required`` is how many people have to approve.
    """

    project: str
    table: str
    request_key: str
    topic_arn: str
    approval_url: str
    required: int

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            table=environ["TABLE"],
            request_key=environ["REQUEST_KEY"],
            topic_arn=environ["TOPIC_ARN"],
            approval_url=environ["APPROVAL_URL"],
            required=read_required(environ),
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
# It gives up before the function does.
sns = boto3.client("sns", config=Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2}))
kms = boto3.client("kms")
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, bool]:
    """Ask; return nothing of use, for it is kept. The state goes on when somebody answers, not when this returns."""
    metrics.add_metric(name="ApprovalRequested", unit=MetricUnit.Count, value=1)
    try:
        ask(event, int(time.time()))
    except ContractError as error:
        raise RequestRefused(f"the approval request is incomplete: {error}") from None
    except (BotoCoreError, ClientError) as error:
        # Its name alone: its words may show what was sent.
        name = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise NotAsked(f"nobody could be asked: {name}") from None
    return {"asked": True}


def ask(event: Mapping[str, Any], now_epoch: int) -> None:
    """Store the request of a state and mail its link, unless this state did. Raises ContractError, RequestRefused."""
    question, token = read_question(event), read_token(event)
    redriven = event.get("redriven")
    if hand_over(question.execution, redriven, token):
        logger.info("asked before", run=question.run)
        return
    request = question.request(now_epoch)
    if is_on_stand_in(os.environ):
        request = replace(request, trained_on="")
    report = read_report(request.report_uri)
    digest = "" if report is None else sha256_of([report])
    if request.purpose == "production" and digest != request.report_digest:
        raise RequestRefused(
            f"the report at {request.report_uri} is not the one that version {request.package_version} was "
            "approved with: put that one back (the bucket keeps it for 30 days), and start the release again"
        )
    request = show_report(request, digest, find_in(report))
    opaque_id = secrets.token_urlsafe(OPAQUE_BYTES)
    subject = mail.write_subject(request, environment.project)
    stored = StoredApproval(
        id=item_id(opaque_id),
        status=PENDING,
        secret=secrets.token_urlsafe(24),
        delivered=False,
        package_arn=question.package_arn,
        subject=subject,
        request=request,
        created_epoch=now_epoch,
        expires_epoch=request.expires_epoch,
    )
    marked = replace(stored, mac=sign(stored).hex())
    # Under an id that nobody had: what lies there is this very item, where the answer to a put was lost.
    table.put_item(Item=marked.item(token))
    older = remember_newest(stored)
    if older:
        close(older)
    try:
        link, console = link_to(environment.approval_url, opaque_id), Console.of(environment.topic_arn, os.environ)
        text = mail.write_body(request, link, environment.required, console)
        sns.publish(TopicArn=environment.topic_arn, Subject=subject, Message=text)
    except (BotoCoreError, ClientError):
        # The state asks again with a token of its own: this request must not stay in anybody's list.
        close(stored.id)
        raise
    remember_mailed(stored, redriven)
    logger.info("asked", run=request.run, purpose=request.purpose, package_version=request.package_version)


def hand_over(execution: str, redriven: object, token: str) -> bool:
    """Let the request that this state has mailed before be answered with its new token; whether there is one.

    ``redriven`` says how often the execution was redriven: what it asked before that is closed when its end is told,
    and so never taken up again. A request has a token while it waits, and until what was decided is delivered.
    """
    newest = found_item(table.get_item(Key={"id": asked_key(execution)}, ConsistentRead=True))
    if newest is None or redriven is None or newest.get("mailed") != redriven:
        return False
    try:
        table.update_item(
            Key={"id": newest["request"]},
            UpdateExpression="SET #token = :token",
            ConditionExpression="attribute_exists(#token)",
            ExpressionAttributeNames={"#token": "token"},
            ExpressionAttributeValues={":token": token},
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def read_report(uri: str) -> bytes | None:
    """The report of the evaluation; None where there is none."""
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    return content


def find_in(report: bytes | None) -> Glance | None:
    """What a report carries for whoever decides; None where it carries nothing that can be shown."""
    try:
        return None if report is None else find_glance(report.decode())
    except (ContractError, UnicodeDecodeError) as error:
        logger.warning("the report carries nothing that can be shown", error=type(error).__name__)
        return None


def read_token(event: Mapping[str, Any]) -> str:
    """The token that completes the waiting state. Raises ContractError, which does not show what came instead."""
    token = event.get("token")
    if not isinstance(token, str) or not token:
        raise ContractError("request.token: must be a text that is not empty")
    return token


def sign(stored: StoredApproval) -> bytes:
    """The mark of a request, which the function that decides asks for."""
    message = stored.message()
    mac: bytes = kms.generate_mac(KeyId=environment.request_key, MacAlgorithm=MAC_ALGORITHM, Message=message)["Mac"]
    return mac


def remember_newest(stored: StoredApproval) -> str:
    """Remember the request as its execution's newest; the key of the one that was, empty for none.

    An execution waits for one answer at a time: once it was redriven, or retried the state, the older is of no use.
    """
    execution = stored.request.execution
    newest = {
        "id": asked_key(execution),
        "kind": "asked",
        "request": stored.id,
        "expires_epoch": stored.created_epoch + KEPT_SECONDS,
    }
    replaced = table.put_item(Item=newest, ReturnValues="ALL_OLD").get("Attributes", {})
    older = str(replaced.get("request", ""))
    # A put whose answer was lost is sent again, and then replaces what it has just written.
    return "" if older == stored.id else older


def remember_mailed(stored: StoredApproval, redriven: object) -> None:
    """Remember that the newest request was mailed, and in which life of its execution."""
    try:
        table.update_item(
            Key={"id": asked_key(stored.request.execution)},
            UpdateExpression="SET mailed = :redriven",
            ConditionExpression="#request = :request",
            ExpressionAttributeNames={"#request": "request"},
            ExpressionAttributeValues={":redriven": redriven, ":request": stored.id},
        )
    except (BotoCoreError, ClientError) as error:
        # People are asked: at worst, a state that is repeated mails them once more.
        logger.warning("not remembered as mailed", error=type(error).__name__)


def close(key: str) -> None:
    """Take a request back that nobody waits for, unless it was decided on."""
    try:
        table.update_item(
            Key={"id": key},
            UpdateExpression="SET #status = :closed REMOVE #token, secret",
            ConditionExpression="#status = :pending",
            ExpressionAttributeNames={"#status": "status", "#token": "token"},
            ExpressionAttributeValues={":closed": CLOSED, ":pending": PENDING},
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        logger.info("the older request does not wait any more")
