"""The edge of watching for drift: reads record, decision, registry and the list of captured pictures; reads the report.

Nothing is changed in production, whatever is found. Safe to repeat within one execution: the same window is drawn, and
the same build is started.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.watch_drift.action import Building, Concluding, Planning, read_action
from lambdas.watch_drift.plan import RefusalError, Served, plan_drift
from lambdas.watch_drift.window import find_window
from workflow.contract import scores
from workflow.contract.champion import MARK, NOT_RECORDED, ChampionRecord, read_champion
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.drift import DRIFT_NAMESPACE, REPORT, DriftInput, DriftPlan, DriftReport
from workflow.contract.execution import Execution
from workflow.contract.mark import is_marked
from workflow.contract.names import split_s3_uri
from workflow.contract.package_properties import Origin
from workflow.contract.reading import ContractError
from workflow.contract.starting import start_once
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION, decision_key
from workflow.contract.tags import read_tags

FIGURES = "metrics.json"


class WatchRefused(Exception):
    """Nothing can be watched: says why."""


@dataclass(frozen=True)
class Environment:
    """The function's settings.

    ``decision_key`` and ``record_key`` name the KMS keys that decisions and the champion's record are marked with;
    ``key`` is the one that the stack's data lies under, empty for none.
    """

    project: str
    bucket: str
    table: str
    decision_key: str
    record_key: str
    build_machine: str
    window_hours: int
    on_drift: str
    tags: Mapping[str, str]
    key: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            bucket=environ["BUCKET"],
            table=environ["TABLE"],
            decision_key=environ["DECISION_KEY"],
            record_key=environ["RECORD_KEY"],
            build_machine=environ["BUILD_MACHINE"],
            window_hours=int(environ["WINDOW_HOURS"]),
            on_drift=environ["ON_DRIFT"],
            tags=read_tags(environ.get("TAGS", "")),
            key=environ.get("KEY_ARN", ""),
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
# Several projects share an account, and this namespace.
metrics.set_default_dimensions(project=environment.project)
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
stepfunctions = boto3.client("stepfunctions")
cloudwatch = boto3.client("cloudwatch")
kms = boto3.client("kms")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the plan of a watch, what it found, or the build that was started. Raises WatchRefused otherwise."""
    try:
        match read_action(event):
            case Planning(execution, given):
                metrics.add_metric(name="WatchRequested", unit=MetricUnit.Count, value=1)
                return plan(execution, given).document()
            case Concluding(planned):
                return conclude(planned)
            case Building(planned):
                given_by = {"started_by": "drift"}
                build = start_once(stepfunctions, environment.build_machine, f"drift-{planned.run}"[:80], given_by)
                logger.info("started", execution=build)
                return {"execution": build}
    except (ContractError, RefusalError) as error:
        raise WatchRefused(str(error)) from error


def plan(execution: Execution, given: DriftInput) -> DriftPlan:
    """Find what is served and which pictures it was asked, and write down for the job which of them it looks at."""
    served = find_served()
    until = datetime.fromisoformat(execution.started)
    since = until - timedelta(hours=given.window_hours or environment.window_hours)
    window = find_window(s3, environment.bucket, since, until, execution.id)
    planned = plan_drift(
        environment.project,
        environment.bucket,
        execution,
        given,
        served=served,
        window=window,
        since=since,
        until=until,
        on_drift=environment.on_drift,
        key=environment.key,
        own_tags=environment.tags,
    )
    bucket, key = split_s3_uri(planned.uris.window)
    s3.put_object(Bucket=bucket, Key=key, Body=window.manifest(environment.bucket))
    logger.info("planned", run=planned.run, captured=planned.captured, count=planned.count)
    return planned


def conclude(planned: DriftPlan) -> dict[str, Any]:
    """What the job of a plan has found; counted, for the alarm. Raises ContractError where it is about another plan."""
    content = read_object(planned.uris.found + REPORT)
    try:
        report = DriftReport.parse(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{REPORT} cannot be read: {error}") from error
    if (report.run, report.model_digest) != (planned.run, planned.model_digest):
        raise ContractError(f"{REPORT} is about {report.run} and the model {report.model_digest}")
    if report.judged:
        count(report)
    logger.info("concluded", run=planned.run, judged=report.judged, drifted=report.drifted)
    return {"judged": report.judged, "drifted": report.drifted, "line": report.line}


def count(report: DriftReport) -> None:
    """Count whether a window drifted and by how many figures: what the alarm looks at."""
    counted = {"Drifted": int(report.drifted), "DriftedFigures": sum(one.drifted for one in report.figures)}
    dimensions = [{"Name": "project", "Value": environment.project}]
    cloudwatch.put_metric_data(
        Namespace=DRIFT_NAMESPACE,
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": "Count"}
            for name, value in counted.items()
        ],
    )


def find_served() -> Served:
    """The version that production serves. Raises RefusalError where there is none, or nobody can tell which."""
    item = found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True))
    champion = read_champion(item)
    if item is None or champion is None:
        raise RefusalError("production serves nothing yet: there is nothing to hold against it")
    if not is_marked(kms, environment.record_key, champion.message(), item.get(MARK)):
        raise RefusalError(NOT_RECORDED)
    described = sagemaker.describe_model_package(ModelPackageName=champion.model_package_arn)
    figures = read_object(f"{Origin.of(described).evaluation_uri}{FIGURES}")
    try:
        metrics = scores.Metrics.parse(json.loads(figures))
    except (ValueError, RecursionError) as error:
        raise RefusalError(f"version {champion.package_version}: its figures cannot be read: {error}") from error
    return Served.read(champion, find_decision(champion), described, figures, metrics)


def find_decision(champion: ChampionRecord) -> Decision:
    """The signed decision that let the version into production. Raises RefusalError where none can be believed."""
    about = f"version {champion.package_version}"
    item = found_item(table.get_item(Key={"id": decision_key(champion.model_package_arn)}, ConsistentRead=True))
    if item is None:
        raise RefusalError(f"nobody decided about {about}")
    try:
        signed = SignedDecision.parse(item)
    except ContractError as error:
        raise RefusalError(f"the decision about {about} cannot be believed: {error}") from error
    if not is_marked(kms, environment.decision_key, signed.decision.message(), signed.mac.hex()):
        raise RefusalError(
            f"the decision about {about} cannot be believed: its mark was not made with the key of "
            f"{environment.project}"
        )
    return signed.decision


def read_object(uri: str) -> bytes:
    """The bytes at an address. Raises RefusalError where there is nothing."""
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as error:
        raise RefusalError(f"there is nothing at {uri}") from error
    return content
