"""The edge of watching production: compares what serves with what is recorded, and mails once for each that is foreign.

A schedule calls it. Nothing is said while a release is under way, for it moves production before it records it; so the
lock is read first, and the record before the endpoint. Afterwards it puts away the endpoints that have had their time.
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
from botocore.exceptions import ClientError

from lambdas.watch_production.idle import Limits
from lambdas.watch_production.mail import Mail, write_foreign, write_put_away
from lambdas.watch_production.putting_away import PuttingAway
from workflow.contract.challenge import ChallengeRecord, read_challenge
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

    Beside it, which endpoints were put away.

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
        return {"configuration": "", "foreign": False, "told": False, "put_away": []}
    recorded = read_champion(find(CHAMPION))
    challenge = find_challenge()
    looked = look(recorded, challenge)
    now_epoch = int(time.time())
    if challenge is not None and looked["configuration"] == challenge.configuration:
        # What is compared is not put away meanwhile.
        putting_away.forget()
        return {**looked, "put_away": []}
    gone = putting_away.run(recorded, now_epoch)
    if gone:
        metrics.add_metric(name="EndpointsPutAway", unit=MetricUnit.Count, value=len(gone))
        logger.info("put away", endpoints=gone)
    if environment.endpoint in gone and recorded is not None:
        tell(write_put_away(environment.project, environment.endpoint, recorded, environment.limits.production_hours))
    return {**looked, "put_away": list(gone)}


def look(recorded: ChampionRecord | None, challenge: ChallengeRecord | None) -> dict[str, Any]:
    """Compare what serves with what is recorded, and mail what is foreign and was not told.

    A challenge that runs is none; one that was stopped is, as its challenger serves on beside the champion.
    """
    serving = find_serving()
    told = find(FOREIGN)
    challenged = challenge is not None and serving == challenge.configuration
    if challenged or not is_foreign(serving, recorded):
        if told is not None:
            table.delete_item(Key={"id": FOREIGN})
        return {"configuration": serving, "foreign": False, "told": False}
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


def find_challenge() -> ChallengeRecord | None:
    """The challenge whose execution still runs; None where none does. Raises ContractError where nobody can tell."""
    challenge = read_challenge(find(CHALLENGE))
    if challenge is None or not is_running(stepfunctions, challenge.execution):
        return None
    return challenge


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
