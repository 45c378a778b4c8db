"""The edge of planning a release: reads the registry, the archive and the endpoints, takes the lock.

The lock comes late, so that a refused release holds nothing; what production serves is looked up under it, as only its
holder may change that. Safe to repeat within one execution.
"""

from __future__ import annotations

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
from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate
from botocore.exceptions import ClientError

from lambdas.plan_release.lock import LockedError, ReleaseLock
from lambdas.plan_release.package import Package, RefusalError, check_archive, read
from lambdas.plan_release.plan import Endpoint, Execution, Wish, check_champion, draw_up
from workflow.contract import ContractError, split_s3_uri

EVENT = {
    "type": "object",
    "required": ["input", "execution"],
    "properties": {
        "input": {
            "type": "object",
            "required": ["model_package_arn"],
            "properties": {
                "model_package_arn": {"type": "string", "pattern": "^arn:[^:]+:sagemaker:[^:]*:[^:]*:model-package/.+"},
                "judged_against": {"type": ["string", "null"]},
                "ask_before_production": {"type": "boolean"},
                "started_by": {"type": "string", "maxLength": 80},
            },
            "patternProperties": {"^AWS_STEP_FUNCTIONS": {}},
            "additionalProperties": False,
        },
        "execution": {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"id": {"type": "string", "minLength": 1}, "name": {"type": "string", "minLength": 1}},
        },
    },
}

CHUNK_BYTES = 1024 * 1024
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
    """Return the plan of this release, or raise ReleaseRefused."""
    metrics.add_metric(name="ReleaseRequested", unit=MetricUnit.Count, value=1)
    try:
        validate(event=event, schema=EVENT)
        execution = Execution(arn=event["execution"]["id"], name=event["execution"]["name"])
        wish = Wish.read(event["input"], environment.defaults, environment.instance_count)
        package = find_package(wish.model_package_arn)
        check_archive(package, sha256_of(package.model_data_url))
        staging = find_endpoint(f"{environment.project}-staging")
        production = find_endpoint(f"{environment.project}-production")
        plan = draw_up(environment.project, execution, wish, package, staging, production)
        lock.take(execution.arn, int(time.time()))
        # Refused here, this execution ends, and with it the lock is the next release's to take.
        check_champion(wish.judged_against, package, champion())
    except SchemaValidationError as error:
        raise ReleaseRefused(f"the execution input is wrong: {error.validation_message}") from error
    except (ContractError, LockedError, RefusalError) as error:
        raise ReleaseRefused(str(error)) from error
    logger.info("planned", run=plan["run"], package_version=package.version, previous=plan["previous_configuration"])
    return plan


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
        described = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return None
        raise
    return Endpoint(name, status=described["EndpointStatus"], configuration=described.get("EndpointConfigName", ""))


def champion() -> str:
    """The package that production serves; empty where it serves none yet."""
    return str(table.get_item(Key={"id": "champion"}, ConsistentRead=True).get("Item", {}).get("model_package_arn", ""))


def sha256_of(uri: str) -> str:
    """The digest of a stored object, read in pieces; empty where there is no such object."""
    bucket, key = split_s3_uri(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return ""
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
