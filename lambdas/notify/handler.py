"""The edge of telling: one event in, one mail out, the readable cause back.

Called by the machines at every end of theirs, and by EventBridge for the ends that no machine can tell of itself, and
for all of a build, whose cost is counted then.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.notify import mail
from lambdas.notify.cause import readable, told_by_machine, told_by_nested
from lambdas.notify.places import places_of_batch, places_of_drift, places_of_failure, places_of_release
from workflow.contract.billed_jobs import find_billed_jobs
from workflow.contract.console import Console
from workflow.contract.console_links import Links, Places
from workflow.contract.cost import Job, tell_cost, tell_time, total
from workflow.contract.execution import parent_of
from workflow.contract.reading import read_object
from workflow.contract.stand_in import is_on_stand_in

FROM_OUTSIDE = "Step Functions Execution Status Change"
BUILD = "build"


@dataclass(frozen=True)
class Environment:
    """The function's settings: releases are told to one topic, and what went wrong to another."""

    project: str
    bucket: str
    topic_arn: str
    trouble_topic_arn: str
    dashboard: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            bucket=environ["BUCKET"],
            topic_arn=environ["TOPIC_ARN"],
            trouble_topic_arn=environ["TROUBLE_TOPIC_ARN"],
            dashboard=environ["DASHBOARD"],
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
# Several projects share an account, and this namespace.
metrics.set_default_dimensions(project=environment.project)
sns = boto3.client("sns")
# It gives up long before the function does: a mail is sent without its cost rather than not at all.
sagemaker = boto3.client(
    "sagemaker", config=Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})
)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tell everyone subscribed; return ``{"cause", "sent"}``."""
    if event.get("detail-type") == FROM_OUTSIDE:
        return tell_from_outside(event)
    if event.get("kind") == "released":
        links = link(places_of_release(event, environment.dashboard))
        send(environment.topic_arn, mail.write_release(event, environment.project, links), "ReleaseTold")
        return {"cause": "", "sent": True}
    if event.get("kind") == "withdrawn":
        links = link(places_of_release(event, environment.dashboard))
        send(environment.topic_arn, mail.write_withdrawal(event, environment.project, links), "WithdrawalTold")
        return {"cause": "", "sent": True}
    if is_of_release(event.get("input")):
        # Also where it failed: the release fails with its cause, and tells it in its own words.
        metrics.add_metric(name="BatchToldByRelease", unit=MetricUnit.Count, value=1)
        return {"cause": readable(event["error"]) if "error" in event else "", "sent": False}
    if event.get("kind") == "answered":
        links = link(places_of_batch(event, environment.dashboard))
        send(environment.topic_arn, mail.write_batch(event, environment.project, links), "BatchTold")
        return {"cause": "", "sent": True}
    if event.get("kind") == "drifted":
        links = link(places_of_drift(event, environment.dashboard))
        send(environment.trouble_topic_arn, mail.write_drift(event, environment.project, links), "DriftTold")
        return {"cause": "", "sent": True}
    if event.get("kind") == "told" or (event.get("kind") == "nested" and told_by_nested(event.get("error"))):
        # The nested execution that failed has told why already, or who waits does; only the cause is wanted here.
        metrics.add_metric(name="FailureToldBefore", unit=MetricUnit.Count, value=1)
        return {"cause": readable(event.get("error")), "sent": False}
    billed = find_billed(event.get("run")) if event.get("machine") == BUILD else ()
    links = link(places_of_failure(event, environment.bucket, environment.dashboard))
    told = mail.write_failure(event, environment.project, tell_bill(billed), links)
    send(environment.trouble_topic_arn, told, "FailureTold")
    return {"cause": readable(event.get("error")), "sent": True}


def tell_from_outside(event: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of an execution's end unless the machine did before it failed, or it ended well; count what a build cost."""
    detail = event.get("detail") or {}
    machine = str(detail.get("stateMachineArn"))
    billed = find_billed(detail.get("name")) if machine.endswith(f":{environment.project}-{BUILD}") else ()
    count_cost(billed)
    if detail.get("status") == "SUCCEEDED":
        return {"cause": "", "sent": False}
    cause = readable({"Error": detail.get("error"), "Cause": detail.get("cause")})
    if machine.endswith(f":{environment.project}-batch") and is_of_release(read_object(detail.get("input"))):
        return {"cause": cause, "sent": False}
    if detail.get("status") == "FAILED" and told_by_machine(detail.get("error"), detail.get("cause")):
        metrics.add_metric(name="FailureToldBefore", unit=MetricUnit.Count, value=1)
        return {"cause": cause, "sent": False}
    links = link(Places(execution=str(detail.get("executionArn")), dashboard=environment.dashboard))
    told = mail.write_end(detail, environment.project, tell_bill(billed), links)
    send(environment.trouble_topic_arn, told, "EndTold")
    return {"cause": cause, "sent": True}


def is_of_release(given: object) -> bool:
    """Whether an execution with this input is nested in a release of the project, which tells what came of it."""
    return f":execution:{environment.project}-release:" in parent_of(given)


def link(places: Places) -> Links:
    """The addresses in the console of where this function runs; none on the stand-in, which has none."""
    return places.links(Console.of(environment.topic_arn, os.environ))


def find_billed(run: object) -> tuple[Job, ...]:
    """The jobs of a run that are paid for; none where SageMaker does not say: a mail is sent without its cost."""
    if not isinstance(run, str) or not run:
        return ()
    try:
        return find_billed_jobs(lambda name, **given: getattr(sagemaker, name)(**given), environment.project, run)
    except (BotoCoreError, ClientError) as error:
        logger.warning("what the run costs is not known", error=str(error))
        return ()


def tell_bill(billed: Sequence[Job]) -> str:
    """What the jobs cost, in words; how long they took where nobody bills them."""
    return (tell_time if is_on_stand_in(os.environ) else tell_cost)(billed)


def count_cost(billed: Sequence[Job]) -> None:
    """Count what a run cost, for the dashboard; nothing where no job ran."""
    dollars = total(billed)
    if billed:
        seconds = sum(job.seconds * job.instances for job in billed)
        metrics.add_metric(name="RunBilledSeconds", unit=MetricUnit.Seconds, value=seconds)
    if dollars is not None:
        metrics.add_metric(name="RunDollars", unit=MetricUnit.NoUnit, value=dollars)


def send(topic_arn: str, message: mail.Mail, metric: str) -> None:
    """Publish one mail."""
    sns.publish(TopicArn=topic_arn, Subject=message.subject, Message=message.text)
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    logger.info("told", subject=message.subject)
