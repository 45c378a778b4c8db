"""The edge of watching production: compares what serves with what is recorded, and mails once for each that is foreign.

A schedule calls it, and the end of a challenge that was no success. Nothing is said while a release is under way, for
it moves production before it records it; so the lock is read first, and the record before the endpoint. The challenger
that a challenge has left there midway is withdrawn by an execution of the Challenge machine. Afterwards the endpoints
that have had their time are put away.
"""

from __future__ import annotations

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
from botocore.exceptions import ClientError

from lambdas.watch_production.idle import Limits
from lambdas.watch_production.mail import Mail, write_foreign, write_put_away
from lambdas.watch_production.putting_away import PuttingAway
from workflow.contract.challenge import ChallengeRecord, name_withdrawal, read_challenge
from workflow.contract.champion import ChampionRecord, read_champion
from workflow.contract.console import Console
from workflow.contract.console_links import Places
from workflow.contract.execution import is_running
from workflow.contract.names import NOT_THERE
from workflow.contract.production import ForeignRecord, is_foreign
from workflow.contract.release_lock import read_lock
from workflow.contract.shared_endpoint import component_name
from workflow.contract.stage_accounts import StageAccounts
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHALLENGE, CHAMPION, FOREIGN, RELEASE_LOCK


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    table: str
    trouble_topic_arn: str
    dashboard: str
    challenge_machine: str
    limits: Limits
    shared_endpoint: str = ""

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            table=environ["TABLE"],
            trouble_topic_arn=environ["TROUBLE_TOPIC_ARN"],
            dashboard=environ["DASHBOARD"],
            challenge_machine=environ["CHALLENGE_MACHINE"],
            limits=Limits.read(environ),
            shared_endpoint=environ.get("SHARED_ENDPOINT", ""),
        )

    @property
    def endpoint(self) -> str:
        """The name of production's endpoint."""
        return f"{self.project}-production"


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
sagemaker = boto3.client("sagemaker")
accounts = StageAccounts(boto3.client, os.environ)
sns = boto3.client("sns")
stepfunctions = boto3.client("stepfunctions")
cloudwatch = boto3.client("cloudwatch")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the configuration that serves, whether no release recorded it, and whether that was told now.

    Beside it, the execution that withdraws the challenger of a challenge that ended midway, empty for none, and which
    endpoints were put away.

    Raises ContractError where a record is not whole: then nobody can tell what should serve.
    """
    metrics.add_metric(name="ProductionWatched", unit=MetricUnit.Count, value=1)
    putting_away = PuttingAway(
        lambda stage: accounts.twin(sagemaker, stage),
        lambda stage: accounts.twin(cloudwatch, stage),
        table,
        environment.project,
        limits=environment.limits,
        is_releasing=is_releasing,
    )
    if is_releasing():
        putting_away.forget()
        return {"configuration": "", "foreign": False, "told": False, "withdrawal": "", "put_away": []}
    recorded = read_champion(find(CHAMPION))
    challenge, now_epoch, serving = read_challenge(find(CHALLENGE)), int(time.time()), find_serving()
    if challenge is not None and serving == challenge.configuration:
        # What is compared is not put away meanwhile.
        putting_away.forget()
        runs = is_running(stepfunctions, challenge.execution)
        withdrawal = "" if runs else withdraw(challenge, now_epoch)
        return {**forget_foreign(serving), "withdrawal": withdrawal, "put_away": []}
    looked = {**look(serving, recorded), "withdrawal": ""}
    gone = putting_away.run(recorded, now_epoch)
    if gone:
        metrics.add_metric(name="EndpointsPutAway", unit=MetricUnit.Count, value=len(gone))
        logger.info("put away", endpoints=gone)
    if environment.endpoint in gone and recorded is not None:
        tell(write_put_away(environment.project, environment.endpoint, recorded, environment.limits.production_hours))
    return {**looked, "put_away": list(gone)}


def withdraw(challenge: ChallengeRecord, now_epoch: int) -> str:
    """Have the challenger of a challenge that ended taken away; the name of the execution that does, or did this hour.

    It tells everyone how that ends. The Challenge machine takes the lock, waits, and asks what is back: nothing of that
    fits into the time of a function.
    """
    name = name_withdrawal(challenge, now_epoch)
    try:
        stepfunctions.start_execution(
            stateMachineArn=environment.challenge_machine,
            name=name,
            input=json.dumps({"withdraw": challenge.execution}),
        )
    except stepfunctions.exceptions.ExecutionAlreadyExists:
        logger.warning("the challenger stays, and this hour's withdrawal is over", execution=name)
        return name
    metrics.add_metric(name="ChallengeWithdrawn", unit=MetricUnit.Count, value=1)
    logger.warning("a challenge ended midway", execution=challenge.execution, withdrawal=name)
    return name


def forget_foreign(serving: str) -> dict[str, Any]:
    """What serves is not foreign, or no more."""
    if find(FOREIGN) is not None:
        table.delete_item(Key={"id": FOREIGN})
    return {"configuration": serving, "foreign": False, "told": False}


def look(serving: str, recorded: ChampionRecord | None) -> dict[str, Any]:
    """Compare what serves with what is recorded, and mail what is foreign and was not told."""
    if not is_foreign(serving, recorded):
        return forget_foreign(serving)
    told = find(FOREIGN)
    if told is not None and ForeignRecord.parse(told).configuration == serving:
        return {"configuration": serving, "foreign": True, "told": False}
    # Told before it is noted: a mail that comes twice is better than one that never comes.
    places = Places(endpoint=environment.endpoint, dashboard=environment.dashboard)
    links = places.links(Console.of(environment.trouble_topic_arn, os.environ))
    tell(write_foreign(environment.project, environment.endpoint, serving, recorded, links))
    table.put_item(Item=ForeignRecord(serving, int(time.time())).item())
    metrics.add_metric(name="ForeignProduction", unit=MetricUnit.Count, value=1)
    logger.warning("production is foreign", configuration=serving)
    return {"configuration": serving, "foreign": True, "told": True}


def tell(mail: Mail) -> None:
    """Publish one mail."""
    sns.publish(TopicArn=environment.trouble_topic_arn, Subject=mail.subject, Message=mail.text)


def is_releasing() -> bool:
    """Whether the execution that holds the release lock still runs. Raises ContractError where nobody can tell."""
    lock = read_lock(find(RELEASE_LOCK))
    return lock is not None and is_running(stepfunctions, lock.execution)


def find_serving() -> str:
    """The configuration that production serves; empty where there is no production, or none that serves yet.

    Of a component of a shared endpoint it is the model.
    """
    try:
        if environment.shared_endpoint:
            found = sagemaker.describe_inference_component(InferenceComponentName=component_name(environment.project))
            ends = found["InferenceComponentStatus"] in ("Creating", "Deleting")
            return "" if ends else str(found.get("Specification", {}).get("ModelName", ""))
        described = accounts.twin(sagemaker, "production").describe_endpoint(EndpointName=environment.endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return ""
        raise
    return "" if described["EndpointStatus"] in ("Creating", "Deleting") else str(described["EndpointConfigName"])


def find(key: str) -> dict[str, Any] | None:
    """An item of the table, in plain values; None where there is none."""
    return found_item(table.get_item(Key={"id": key}, ConsistentRead=True))
