"""The edge of the dataset's check: reads ``dataset-report.json``, returns its figures or raises DatasetRejected.

Data that may be trained on is kept in the index of datasets, as a version that this run uses.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.check_dataset.fit import find_misfits
from lambdas.check_dataset.verdict import judge
from lambdas.check_dataset.version import describe_use, describe_version, find_other_version
from workflow.contract.build_plan import BuildPlan
from workflow.contract.build_record import note_refusal
from workflow.contract.dataset_index import note_use, note_version
from workflow.contract.dataset_manifest import MANIFEST
from workflow.contract.dataset_objects import OBJECTS
from workflow.contract.dataset_report import PAGE, DatasetReport
from workflow.contract.document import read
from workflow.contract.failures import Failure
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.scores import Metrics as Measured


class DatasetRejected(Exception):
    """The dataset may not be trained on: names the first findings with file and line."""


@dataclass(frozen=True)
class Event:
    """What the state gives."""

    plan: BuildPlan


logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
bucket_name = os.environ["BUCKET"]
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the dataset's figures, or raise DatasetRejected."""
    metrics.add_metric(name="DatasetChecked", unit=MetricUnit.Count, value=1)
    plan = read(Event, event, "event").plan
    report = read_report(plan.uris.dataset_report + "dataset-report.json")
    verdict = judge(report, plan.uris.dataset_report + PAGE)
    metrics.add_metric(name="DatasetErrors", unit=MetricUnit.Count, value=report.errors)
    metrics.add_metric(name="DatasetImages", unit=MetricUnit.Count, value=verdict.images)
    other = () if verdict.reasons else find_other_version(report, plan)
    if other:
        # Nothing is wrong with the data itself, of which a run may ask without a version.
        raise DatasetRejected("; ".join(other))
    reasons = verdict.reasons or tuple(find_misfits(report, plan, read_champion(plan)))
    if not verdict.reasons:
        keep_version(plan, report, refused=bool(reasons))
    if reasons:
        remember(plan, "; ".join(reasons))
        raise DatasetRejected("; ".join(reasons))
    return {
        "task": report.task,
        "images": verdict.images,
        "objects": verdict.objects,
        "classes": list(report.classes),
        "digest": report.digest,
        "warnings": report.warnings,
        "summary": verdict.summary,
    }


def keep_version(plan: BuildPlan, report: DatasetReport, *, refused: bool) -> None:
    """Keep in the index that this run uses the data; the log tells where that cannot be, for no run waits for it."""
    now = int(time.time())
    try:
        manifest = find(plan.uris.dataset_report + MANIFEST)
        objects = find(plan.uris.record + OBJECTS)
        note_version(s3, bucket_name, describe_version(plan, report, manifest, objects, now))
        note_use(s3, bucket_name, describe_use(plan, report, now, refused=refused))
    except (BotoCoreError, ClientError, ContractError) as error:
        logger.warning("the dataset's version is not kept", reason=str(error))


def find(uri: str) -> str:
    """The address, where something lies there; the preparation of an earlier image leaves no manifest."""
    bucket, key = split_s3_uri(uri)
    try:
        s3.get_object(Bucket=bucket, Key=key)["Body"].close()
    except s3.exceptions.NoSuchKey:
        return ""
    return uri


def remember(plan: BuildPlan, reason: str) -> None:
    """Keep that this very data was rejected, so that a start of the same asks no job again; the log tells where not."""
    try:
        note_refusal(table, plan, Failure.DATA_REJECTED, reason)
    except (BotoCoreError, ClientError) as error:
        logger.warning("the rejection is not remembered", reason=str(error))


def read_champion(plan: BuildPlan) -> Measured | None:
    """How production's model was measured; None where there is none, or its figures are not there to be read."""
    if plan.champion is None or not plan.champion.evaluation:
        return None
    try:
        bucket, key = split_s3_uri(f"{plan.champion.evaluation.rstrip('/')}/metrics.json")
        return Measured.parse(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    except (ClientError, ValueError, RecursionError) as error:
        # The evaluation finds out from the model itself, later.
        logger.warning("the champion's figures cannot be read", reason=str(error))
        return None


def read_report(uri: str) -> DatasetReport:
    """The preparation's report. Raises DatasetRejected where it is missing or cannot be understood."""
    bucket, key = split_s3_uri(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return DatasetReport.parse(json.loads(body))
    except s3.exceptions.NoSuchKey as error:
        raise DatasetRejected(f"the preparation left no report at {uri}") from error
    except (ContractError, ValueError, RecursionError) as error:
        raise DatasetRejected(f"the report at {uri} cannot be understood: {error}") from error
