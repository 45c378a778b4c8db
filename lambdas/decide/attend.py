"""The edge that attends to requests without anybody's click: EventBridge's events in, nothing out.

Every minute it delivers what was decided and not delivered, answers requests about what was decided elsewhere, marks
those that expired and reminds of those that soon will. When an execution ends it closes what it asked. When somebody
changes a version in the model registry, that is a decision, or is put right; so is what a run marked whose waiting task
a stranger completed. All of it may happen twice. Nothing here logs an id or a token.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.decide import reminder, services, stranger
from lambdas.decide.answer import OwnRunError, UnusableError
from lambdas.decide.deciding import (
    adopt,
    close,
    deliver,
    expire,
    find,
    is_asked,
    remember_reminder,
    take,
)
from lambdas.decide.opened import list_open, read_open
from lambdas.decide.registry import PUT_BACK, Change, choose_status, explain, may_set_a_status
from lambdas.decide.services import logger, metrics, tracer
from lambdas.decide.standing import believe, find_decision, find_standing
from lambdas.decide.voting import tell
from workflow.contract.approval import PENDING, StoredApproval
from workflow.contract.console import Console
from workflow.contract.names import NOT_THERE
from workflow.contract.reading import ContractError
from workflow.contract.table_keys import asked_key


class AttentionError(Exception):
    """Something could not be attended to. It is tried again in a minute; the alarm tells of it."""


@dataclass(frozen=True)
class Attendance:
    """Further settings of this way in. ``build_role`` is the name of the role that marks versions for the machine."""

    project: str
    topic_arn: str
    trouble_topic_arn: str
    build_role: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Attendance:
        """Read the settings from environment variables."""
        return Attendance(
            project=environ["PROJECT"],
            topic_arn=environ["TOPIC_ARN"],
            trouble_topic_arn=environ["TROUBLE_TOPIC_ARN"],
            build_role=environ["BUILD_ROLE"],
        )


attendance = Attendance.read(os.environ)
sns = boto3.client("sns")
sagemaker = boto3.client("sagemaker")


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Attend to what an event is about."""
    metrics.add_metric(name="Attended", unit=MetricUnit.Count, value=1)
    kind, detail = event.get("detail-type"), event.get("detail", {})
    now_epoch = int(time.time())
    if kind == "Step Functions Execution Status Change":
        close_of_execution(str(detail["executionArn"]), int(detail["stopDate"]), now_epoch)
    elif kind == "SageMaker Model Package State Change":
        if may_set_a_status(detail):
            follow_registry(str(detail["ModelPackageArn"]), now_epoch)
    else:
        attend_to_all(now_epoch)


def attend_to_all(now_epoch: int) -> None:
    """Look at every request that is open. Raises AttentionError at the end where one could not be attended to."""
    failed = 0
    for key in list_open():
        try:
            attend_to(key, now_epoch)
        except (UnusableError, ContractError, BotoCoreError, ClientError) as error:
            # One request must not keep the others waiting.
            failed += 1
            logger.error("a request could not be attended to", error=type(error).__name__)
    if failed:
        raise AttentionError(f"{failed} requests could not be attended to")


def attend_to(key: str, now_epoch: int) -> None:
    """Do what is due about one request."""
    item = find(key)
    if item is None:
        return
    approval = StoredApproval.parse(item)
    if approval.waits(now_epoch):
        standing = find_standing(approval)
        if (standing is not None or reminder.is_due(approval, now_epoch)) and is_asked(approval):
            if standing is None:
                remind(approval)
            else:
                approval = adopt(approval, standing, now_epoch)
    elif approval.status == PENDING:
        expire(key, now_epoch)
    if approval.undelivered():
        deliver(key)


def remind(approval: StoredApproval) -> None:
    """Mail once that a request still waits. It is noted first: rather no mail than one a minute."""
    if remember_reminder(approval.id):
        subject = reminder.write_subject(approval, attendance.project)
        console = Console.of(approval.request.execution, os.environ)
        text = reminder.write_body(approval, tell(approval), console)
        sns.publish(TopicArn=attendance.topic_arn, Subject=subject, Message=text)
        logger.info("reminded", run=approval.request.run)


def close_of_execution(execution: str, stopped_milliseconds: int, now_epoch: int) -> None:
    """Close what an execution asked before it ended; one that was redriven meanwhile has asked anew."""
    newest = find(asked_key(execution))
    item = find(str(newest["request"])) if newest else None
    if item is None:
        return
    approval = StoredApproval.parse(item)
    if approval.created_epoch * 1000 > stopped_milliseconds:
        logger.info("the execution asked again meanwhile")
        return
    # Where the time was over, that is why it ended.
    expire(approval.id, now_epoch)
    close(approval.id)
    if approval.scope == "":
        put_run_right(approval.package_arn)
    deliver(approval.id)


def follow_registry(package_arn: str, now_epoch: int) -> None:
    """Take a status that somebody set as a decision where one is waited for; anywhere else put it right."""
    change = Change.read(sagemaker.describe_model_package(ModelPackageName=package_arn))
    # The machine writes down what was decided: that is no decision, and may be as wrong as any other status.
    by_nobody = change.is_by(attendance.build_role) or change.is_from_before()
    answer, tally = None if by_nobody else change.answer(services.approvers), ""
    if answer is not None and find_decision(package_arn) is None:
        for approval in read_open():
            if change.answers(approval, now_epoch) and is_asked(approval):
                with suppress(OwnRunError):
                    tally = tell(take(approval, answer, now_epoch))
                deliver(approval.id)
    put_right(change, tally)


def put_run_right(package_arn: str) -> None:
    """Put right what a run that ended marked as nobody decided: a stack need not listen to the registry's events."""
    try:
        change = Change.read(sagemaker.describe_model_package(ModelPackageName=package_arn))
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise
        logger.info("the version was deleted meanwhile")
        return
    if change.is_by(attendance.build_role):
        put_right(change)


def put_right(change: Change, tally: str = "") -> None:
    """Give a version the status that was decided, and tell people where it was its run that said otherwise.

    ``tally`` is how far a request has come by this change.
    """
    if change.is_from_before():
        return
    standing = find_decision(change.arn)
    decision = None if standing is None else believe(standing)
    if change.status == choose_status(decision):
        return
    by_its_run = change.is_by(attendance.build_role)
    logger.info("the registry is put right", found=change.status, by_its_run=by_its_run)
    metrics.add_metric(name="RegistryPutRight", unit=MetricUnit.Count, value=1)
    if by_its_run:
        # Before it is put right: rather two mails than none.
        subject = stranger.write_subject(change, attendance.project)
        sns.publish(
            TopicArn=attendance.trouble_topic_arn, Subject=subject, Message=stranger.write_body(change, decision)
        )
    sagemaker.update_model_package(
        ModelPackageArn=change.arn,
        ModelApprovalStatus=choose_status(decision),
        ApprovalDescription=PUT_BACK + explain(change, decision, tally, by_its_run=by_its_run),
    )
