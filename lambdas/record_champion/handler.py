"""The edge of recording: writes champion and history in one transaction, on condition that this release has the lock.

Safe to repeat: a release that is recorded already is left as it is.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.record_champion.history import champion_of, release_of
from workflow.contract.challenge import ChallengeRecord
from workflow.contract.champion import MARK, ChampionRecord, read_champion
from workflow.contract.document import Text, read
from workflow.contract.figures import Figures
from workflow.contract.mark import MAC_ALGORITHM
from workflow.contract.reading import ContractError
from workflow.contract.release_lock import held_by
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.scores import QUALITY
from workflow.contract.served_model import ServedModel
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION, RELEASE_LOCK


class NotHolderError(Exception):
    """Another release has the lock by now: nothing was recorded."""


@dataclass(frozen=True)
class Environment:
    """The function's settings. ``record_key`` is what the record of the champion is marked with."""

    project: str
    table: str
    record_key: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(project=environ["PROJECT"], table=environ["TABLE"], record_key=environ["RECORD_KEY"])


@dataclass(frozen=True)
class Released:
    """What the state gives: the release's plan, and the name of the configuration that production serves by now."""

    plan: ReleasePlan
    configuration: Text


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
# Several projects share an account, and this namespace.
metrics.set_default_dimensions(project=environment.project)
table = boto3.resource("dynamodb").Table(environment.table)
dynamodb = table.meta.client
kms = boto3.client("kms")


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return ``{"package_version", "released_epoch"}`` of the recorded release."""
    metrics.add_metric(name="ReleaseRecorded", unit=MetricUnit.Count, value=1)
    released = read(Released, event, "event")
    if released.plan.challenge is not None:
        return record_challenge(released)
    plan = released.plan
    item = found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True))
    recorded = read_champion(item)
    if item and recorded and recorded.execution == plan.execution_arn and is_ours(recorded, item.get(MARK)):
        logger.info("recorded already", package_version=plan.package_version)
        released_epoch = recorded.released_epoch
    else:
        released_epoch = int(time.time())
        record(released, released_epoch)
        count_version(plan)
        logger.info("recorded", package_version=plan.package_version)
    return {"package_version": plan.package_version, "released_epoch": released_epoch}


def record_challenge(released: Released) -> dict[str, Any]:
    """Write down which configuration tries a challenger. Raises NotHolderError where this release lost the lock.

    It carries no mark: it tells whoever watches production what to expect, and nothing is served for it.
    """
    plan, began_epoch = released.plan, int(time.time())
    record = ChallengeRecord(
        execution=plan.execution_arn,
        configuration=released.configuration,
        champion_configuration=plan.previous_configuration,
        package_version=plan.package_version,
        began_epoch=began_epoch,
    )
    write_under_lock(plan, [record.item(), ServedModel.of(plan).item()])
    logger.info("recorded a challenge", package_version=plan.package_version, configuration=record.configuration)
    return {"package_version": plan.package_version, "released_epoch": began_epoch}


def count_version(plan: ReleasePlan) -> None:
    """Count which version production serves by now and what it scored, for the dashboard."""
    metrics.add_metric(name="ReleasedVersion", unit=MetricUnit.NoUnit, value=plan.package_version)
    try:
        figures = Figures.parse(plan.metrics)
    except ContractError:
        # It is released and recorded: a figure that nobody can read takes that back no more.
        return
    quality = figures.values.get(QUALITY[figures.task])
    if quality is not None:
        metrics.add_metric(name="ReleasedQuality", unit=MetricUnit.NoUnit, value=quality)


def sign(recorded: ChampionRecord) -> bytes:
    """The mark of a record. The same record always has the same one, so that it can be compared."""
    message = recorded.message()
    mac: bytes = kms.generate_mac(KeyId=environment.record_key, MacAlgorithm=MAC_ALGORITHM, Message=message)["Mac"]
    return mac


def is_ours(recorded: ChampionRecord, mark: object) -> bool:
    """Whether this function wrote a record, and nobody else in its name."""
    return hmac.compare_digest(sign(recorded).hex().encode(), str(mark).encode())


def record(released: Released, released_epoch: int) -> None:
    """Write all items, or none. Raises NotHolderError where this release has lost the lock."""
    plan, configuration = released.plan, released.configuration
    champion = champion_of(plan, configuration, released_epoch)
    history = release_of(plan, configuration, released_epoch)
    write_under_lock(plan, [champion.marked(sign(champion)), history.item(), ServedModel.of(plan).item()])


def write_under_lock(plan: ReleasePlan, items: list[dict[str, Any]]) -> None:
    """Write all items, or none of them. Raises NotHolderError where this release has lost the lock."""
    held = {"TableName": environment.table, "Key": {"id": RELEASE_LOCK}, **held_by(plan.execution_arn)}
    puts = [{"Put": {"TableName": environment.table, "Item": item}} for item in items]
    try:
        dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": held}, *puts])
    except dynamodb.exceptions.TransactionCanceledException as error:
        if error.response.get("CancellationReasons", [{}])[0].get("Code") != "ConditionalCheckFailed":
            raise
        raise NotHolderError(f"{plan.execution_arn} no longer has the release lock") from error
