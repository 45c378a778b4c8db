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
from workflow.contract.serving import batch_name
from workflow.contract.stage_accounts import STAGES, StageAccounts
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
accounts = StageAccounts(boto3.client, os.environ)
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
    if event.get("only_the_lock") is True:
        # A challenge lasts for hours, in which another release may begin.
        return {"deleted_configurations": [], "deleted_models": [], "lock_released": give_lock_back(plan.execution_arn)}
    kept, kept_models = find_kept(plan)
    # One client where both stages are in one account.
    clients = list({id(one): one for one in (accounts.twin(sagemaker, stage) for stage in STAGES)}.values())
    found = [(client, find_leftovers(client, kept, kept_models)) for client in clients]
    for client, (configurations, models) in found:
        for name in configurations:
            delete(client, "endpoint_config", EndpointConfigName=name)
        for name in models:
            delete(client, "model", ModelName=name)
    old_configurations = sorted({name for _, (names, _) in found for name in names})
    old_models = sorted({name for _, (_, names) in found for name in names})
    alarms = delete_alarms()
    released = give_lock_back(plan.execution_arn)
    logger.info(
        "cleaned up", configurations=old_configurations, models=old_models, alarms=alarms, lock_released=released
    )
    return {"deleted_configurations": old_configurations, "deleted_models": old_models, "lock_released": released}


def find_kept(plan: ReleasePlan) -> tuple[set[str], set[str]]:
    """The configurations and the models something still needs: live, arriving, previous and the champion's.

    Where production is an inference component, the previous and the champion's are models, and an endpoint of its own
    may be there still.
    """
    recorded = {plan.previous_configuration}
    champion = read_champion(found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True)))
    if champion is not None:
        recorded.add(champion.production_configuration)
    configurations, models = (set(), recorded | find_served_model(plan)) if plan.component else (recorded, set())
    for stage, endpoint in zip(STAGES, (plan.staging_endpoint, f"{environment.project}-production"), strict=True):
        described = describe_endpoint(accounts.twin(sagemaker, stage), endpoint)
        configurations.add(described.get("EndpointConfigName", ""))
        configurations.add(described.get("PendingDeploymentSummary", {}).get("EndpointConfigName", ""))
    return configurations - {"", batch_name(environment.project)}, models - {""}


def find_served_model(plan: ReleasePlan) -> set[str]:
    """The model that production's inference component serves."""
    try:
        described = sagemaker.describe_inference_component(InferenceComponentName=plan.component)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return set()
        raise
    return {described.get("Specification", {}).get("ModelName", "")}


def find_leftovers(client: Any, kept: Iterable[str], kept_models: set[str]) -> tuple[list[str], list[str]]:
    """The configurations and the models of one account that nothing needs."""
    configurations = choose_configurations(environment.project, list_names(client, "EndpointConfig"), kept)
    needed = kept_models | find_models(client, kept)
    return configurations, choose_models(environment.project, list_names(client, "Model"), needed)


def describe_endpoint(client: Any, name: str) -> dict[str, Any]:
    """The endpoint, or nothing where there is none."""
    try:
        described: dict[str, Any] = client.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return {}
        raise
    return described


def find_models(client: Any, names: Iterable[str]) -> set[str]:
    """The models that these configurations serve, as far as the account has them."""
    served = set()
    for name in names:
        try:
            described = client.describe_endpoint_config(EndpointConfigName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                continue
            raise
        variants = [*described["ProductionVariants"], *described.get("ShadowProductionVariants", [])]
        served |= {variant["ModelName"] for variant in variants if variant.get("ModelName")}
    return served


def list_names(client: Any, kind: str) -> list[str]:
    """The names of this kind that contain the project's name."""
    listing = "list_endpoint_configs" if kind == "EndpointConfig" else "list_models"
    pages = client.get_paginator(listing).paginate(NameContains=environment.project)
    return [item[f"{kind}Name"] for page in pages for item in page[f"{kind}s"]]


def delete(client: Any, kind: str, **name: str) -> None:
    """Delete one; gone already is as good."""
    try:
        getattr(client, f"delete_{kind}")(**name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise


def delete_alarms() -> list[str]:
    """Delete the alarms of releases that were stopped before they could, and give their names."""
    client = accounts.twin(cloudwatch, "production")
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{environment.project}-production-v")
    found = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    names = choose_alarms(environment.project, found)
    for at in range(0, len(names), MOST_ALARMS):
        client.delete_alarms(AlarmNames=names[at : at + MOST_ALARMS])
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
