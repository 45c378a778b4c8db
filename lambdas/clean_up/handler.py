"""The edge of cleaning up: finds what is live, deletes what is left over, gives the lock back.

Does nothing unless this execution has the lock. Whatever cannot be read is an error before anything is deleted: a
configuration that might be live is never deleted on a guess.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from lambdas.clean_up.leftovers import choose_alarms, choose_configurations, choose_models
from workflow.contract.champion import read_champion
from workflow.contract.names import NOT_THERE
from workflow.contract.release_lock import held_by, read_lock
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION, RELEASE_LOCK

MOST_ALARMS = 100
"""How many one call deletes."""


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    table: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(project=environ["PROJECT"], table=environ["TABLE"])


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
cloudwatch = boto3.client("cloudwatch")
sagemaker = boto3.client("sagemaker")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the names that were deleted and whether the lock was given back."""
    metrics.add_metric(name="CleanedUp", unit=MetricUnit.Count, value=1)
    plan = ReleasePlan.parse(event.get("plan"))
    if not holds_lock(plan.execution_arn):
        logger.info("this release has no lock: nothing to do")
        return {"deleted_configurations": [], "deleted_models": [], "lock_released": False}
    kept = find_kept_configurations(plan)
    old_configurations = choose_configurations(environment.project, list_names("EndpointConfig"), kept)
    old_models = choose_models(environment.project, list_names("Model"), find_models(kept))
    for name in old_configurations:
        delete("endpoint_config", EndpointConfigName=name)
    for name in old_models:
        delete("model", ModelName=name)
    alarms = delete_alarms()
    released = give_lock_back(plan.execution_arn)
    logger.info(
        "cleaned up", configurations=old_configurations, models=old_models, alarms=alarms, lock_released=released
    )
    return {"deleted_configurations": old_configurations, "deleted_models": old_models, "lock_released": released}


def find_kept_configurations(plan: ReleasePlan) -> set[str]:
    """Every configuration something still needs: live, arriving, previous and the champion's."""
    kept = {plan.previous_configuration}
    champion = read_champion(found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True)))
    if champion is not None:
        kept.add(champion.production_configuration)
    for endpoint in (plan.staging_endpoint, plan.production_endpoint):
        described = describe_endpoint(endpoint)
        kept.add(described.get("EndpointConfigName", ""))
        kept.add(described.get("PendingDeploymentSummary", {}).get("EndpointConfigName", ""))
    return kept - {""}


def describe_endpoint(name: str) -> dict[str, Any]:
    """The endpoint, or nothing where there is none."""
    try:
        described: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return {}
        raise
    return described


def find_models(names: Iterable[str]) -> set[str]:
    """The models that these configurations serve."""
    served = set()
    for name in names:
        try:
            described = sagemaker.describe_endpoint_config(EndpointConfigName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                continue
            raise
        served |= {variant["ModelName"] for variant in described["ProductionVariants"] if variant.get("ModelName")}
    return served


def list_names(kind: str) -> list[str]:
    """The names of this kind that contain the project's name."""
    listing = "list_endpoint_configs" if kind == "EndpointConfig" else "list_models"
    pages = sagemaker.get_paginator(listing).paginate(NameContains=environment.project)
    return [item[f"{kind}Name"] for page in pages for item in page[f"{kind}s"]]


def delete(kind: str, **name: str) -> None:
    """Delete one; gone already is as good."""
    try:
        getattr(sagemaker, f"delete_{kind}")(**name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise


def delete_alarms() -> list[str]:
    """Delete the alarms of releases that were stopped before they could, and give their names."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{environment.project}-production-v")
    found = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    names = choose_alarms(environment.project, found)
    for at in range(0, len(names), MOST_ALARMS):
        cloudwatch.delete_alarms(AlarmNames=names[at : at + MOST_ALARMS])
    return names


def holds_lock(execution: str) -> bool:
    """Whether this execution has the release lock. Raises ContractError where nobody can tell who has."""
    lock = read_lock(found_item(table.get_item(Key={"id": RELEASE_LOCK}, ConsistentRead=True)))
    return lock is not None and lock.execution == execution


def give_lock_back(execution: str) -> bool:
    """Give the lock back if this execution still has it."""
    try:
        table.delete_item(Key={"id": RELEASE_LOCK}, **held_by(execution))
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True
