"""The edge of planning a release: reads the registry, the archive and the endpoints, takes the lock.

The lock comes last, so that a refused release holds nothing. Before production changes, the machine has the plan
confirmed: a release that was stopped lost the lock, and another one may have taken place before its redrive. How
production moves is said only then, by the instances it has at that moment. Safe to repeat within one execution.
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

from lambdas.plan_release.action import Confirmation, Planning, read_action
from lambdas.plan_release.lock import LockedError, ReleaseLock
from lambdas.plan_release.package import Package, RefusalError, check_archive, read
from lambdas.plan_release.plan import Endpoint, Found, Served, Settings, check_overtaken, draw_up, rollout
from workflow.contract.champion import read_champion
from workflow.contract.digest import CHUNK_BYTES, sha256_of
from workflow.contract.execution import Execution
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION

NOT_THERE = {"ValidationException", "ResourceNotFound", "ResourceNotFoundException"}
"""What SageMaker answers for a name it does not know."""


class ReleaseRefused(Exception):
    """The release may not start: says why. Nothing was created."""


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    table: str
    package_group: str
    defaults: Mapping[str, Any]
    instance_count: int

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            table=environ["TABLE"],
            package_group=environ["PACKAGE_GROUP"],
            defaults=json.loads(environ.get("DEFAULTS") or "{}"),
            instance_count=int(environ.get("ENDPOINT_INSTANCE_COUNT") or "1"),
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
table = boto3.resource("dynamodb").Table(environment.table)
lock = ReleaseLock(table, boto3.client("stepfunctions"))


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the plan of this release, or that it still stands and how; raise ReleaseRefused otherwise."""
    try:
        action = read_action(event, environment.defaults)
    except ContractError as error:
        count("ReleaseRequested")
        raise ReleaseRefused(f"the execution input is wrong: {error}") from error
    try:
        match action:
            case Planning(execution, given):
                count("ReleaseRequested")
                return plan_release(execution, given).document()
            case Confirmation(plan):
                count("ReleaseConfirmed")
                confirm(plan)
                production = find_endpoint(plan.production_endpoint)
                return {"confirmed": True, **rollout(plan, production, environment.instance_count)}
    except (ContractError, LockedError, RefusalError) as error:
        raise ReleaseRefused(str(error)) from error


def count(name: str) -> None:
    """Add one to a metric."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def plan_release(execution: Execution, given: ReleaseInput) -> ReleasePlan:
    """Check everything, take the lock and give the plan. Raises what the checks raise."""
    settings = Settings.read(environment.defaults)
    package = find_package(given.model_package_arn)
    check_archive(package, hash_object(package.model_data_url))
    production, served = find_endpoint(f"{environment.project}-production"), find_served()
    foreign = production is not None and production.configuration != served.configuration
    found = Found(
        staging=find_endpoint(f"{environment.project}-staging"),
        production=production,
        served=served,
        served_is_there=not foreign or is_there(served.configuration),
    )
    plan = draw_up(environment.project, execution, given, settings, package, found)
    confirm(plan)
    logger.info("planned", run=plan.run, package_version=plan.package_version, previous=plan.previous_configuration)
    return plan


def confirm(plan: ReleasePlan) -> None:
    """Take the lock, or keep it, and see that the plan still stands. Raises LockedError and RefusalError.

    Only the holder changes what production serves. Who is refused under the lock ends, and leaves it to the next.
    """
    lock.take(plan.execution_arn, int(time.time()))
    check_overtaken(plan, find_served())


def find_package(arn: str) -> Package:
    """The registered version. Raises RefusalError where there is none or it may not be released."""
    try:
        described = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            raise RefusalError(f"there is no model package {arn}") from error
        raise
    return read(described, environment.package_group)


def find_endpoint(name: str) -> Endpoint | None:
    """The endpoint as it is; None where there is none."""
    try:
        return Endpoint.of(sagemaker.describe_endpoint(EndpointName=name))
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return None
        raise


def is_there(configuration: str) -> bool:
    """Whether SageMaker has this endpoint configuration; the empty name is no one's."""
    if not configuration:
        return False
    try:
        sagemaker.describe_endpoint_config(EndpointConfigName=configuration)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return False
        raise
    return True


def find_served() -> Served:
    """What the table says that production serves. Raises ContractError where its record is not whole."""
    return Served.of(read_champion(found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True))))


def hash_object(uri: str) -> str:
    """The digest of a stored object, read in pieces; empty where there is no such object."""
    bucket, key = split_s3_uri(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return ""
    return sha256_of(body.iter_chunks(CHUNK_BYTES))
