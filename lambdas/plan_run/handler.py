"""The edge of planning: reads S3, the table and the registry, and puts what the jobs need beside the run.

Safe to repeat: the same execution writes the same objects to the same places.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdas.plan_run.claim import Claims
from lambdas.plan_run.plan import Deployment, Registered, Stored, describe_run, draw_up
from lambdas.plan_run.room import check_room
from lambdas.plan_run.sources import Reader, Weights
from workflow.contract.build_plan import BuildPlan
from workflow.contract.champion import MARK, NOT_RECORDED, ChampionDocument, ChampionRecord, read_champion
from workflow.contract.document import read
from workflow.contract.execution import Execution
from workflow.contract.mark import is_marked
from workflow.contract.names import split_s3_uri
from workflow.contract.package_properties import Origin
from workflow.contract.policy import REFUSE, SHOW, refuse_loosened
from workflow.contract.reading import VERSION, ContractError
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION
from workflow.contract.tags import read_tags

ONE_REQUEST = TransferConfig(multipart_threshold=5 * 1024**3)
"""Copies below 5 GiB, S3's limit for one CopyObject, stay one request on the server's side."""

ALLOW = "allow"
"""What a stack says where nobody has to be told by mail."""


class InputRejected(Exception):
    """The run cannot start: says which key, what was found and what is allowed."""


@dataclass(frozen=True)
class Event:
    """What the state gives: the execution's own input, unread, and the execution."""

    input: Any
    execution: Execution


@dataclass(frozen=True)
class Environment:
    """The function's settings. ``record_key`` is what the record of the champion is marked with.

    ``serves_elsewhere`` tells whether production is in another account.
    """

    deployment: Deployment
    table: str
    record_key: str
    package_group: str
    defaults: Mapping[str, Any]
    loosening: str
    ask_without_mail: str
    topic_arn: str
    serves_elsewhere: bool

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables; the stack's own dataset counts as a default."""
        defaults = json.loads(environ.get("DEFAULTS") or "{}")
        dataset = environ.get("DEFAULT_DATASET", "")
        return Environment(
            deployment=Deployment(
                project=environ["PROJECT"],
                bucket=environ["BUCKET"],
                training_image=environ["TRAINING_IMAGE"],
                serving_image=environ["SERVING_IMAGE"],
                key=environ.get("KEY_ARN", ""),
                tags=read_tags(environ.get("TAGS", "")),
            ),
            table=environ["TABLE"],
            record_key=environ["RECORD_KEY"],
            package_group=environ["PACKAGE_GROUP"],
            defaults={"dataset": dataset, **defaults} if dataset else defaults,
            loosening=environ.get("POLICY_LOOSENING", REFUSE),
            ask_without_mail=environ.get("ASK_WITHOUT_MAIL", REFUSE),
            topic_arn=environ["TOPIC_ARN"],
            serves_elsewhere=environ.get("SERVES", "here") != "here",
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
sns = boto3.client("sns")
kms = boto3.client("kms")
# Where nothing answers, as in a network without a way there, the run goes on soon.
quotas = boto3.client("service-quotas", config=Config(connect_timeout=3, read_timeout=10))
table = boto3.resource("dynamodb").Table(environment.table)
reader = Reader.of(s3, environment.deployment.bucket, os.environ.get("DEFAULT_DATASET", ""), os.environ)
claims = Claims(table, boto3.client("stepfunctions"))


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the plan of this execution, or raise InputRejected."""
    metrics.add_metric(name="PlanRequested", unit=MetricUnit.Count, value=1)
    try:
        asked = read(Event, event, "event")
        given = RunInput.parse(asked.input, environment.defaults)
        loosened = given.loosened(environment.defaults)
        if environment.loosening != SHOW:
            refuse_loosened(loosened)
        weights = reader.read_weights(given.weights)
        champion = find_champion() if given.compare else None
        judged = {} if champion is None else describe_champion(champion)
        found = Stored(
            files=reader.list_files(given.dataset),
            weights_sha256=weights.sha256,
            newest=newest_package(),
            champion=champion,
            champion_evaluation=Origin.of(judged).evaluation_uri if judged else "",
            pretrained=weights.pretrained,
        )
        plan = draw_up(given, asked.execution, environment.deployment, found, loosened)
        if plan.anything_to_do and environment.ask_without_mail != ALLOW:
            check_audience(*count_subscriptions())
        if plan.anything_to_do:
            served_by = None if environment.serves_elsewhere else serving_instance(judged)
            check_room(quotas, logger, given, plan.training, served_by, environment.topic_arn)
        plan = claim(plan, given.force)
    except ContractError as error:
        raise InputRejected(str(error)) from error
    if plan.anything_to_do:
        write_champion(plan.uris.champion, found.champion)
        write_pretrained(plan.uris.pretrained, weights)
        write_json(plan.uris.record + "run.json", describe_run(given, plan))
        inspection = {"version": VERSION, "instances": given.prepare_instances}
        write_json(plan.uris.inspected + "inspection.json", inspection)
    logger.info("planned", run=plan.run, reason=plan.reason, files=plan.dataset.objects)
    return plan.document()


def claim(plan: BuildPlan, force: bool) -> BuildPlan:
    """The plan, or that there is nothing to do because another execution builds the very same at this moment."""
    now_epoch = int(time.time())
    if not plan.anything_to_do:
        return plan
    if force:
        claims.take_over(plan.fingerprint, plan.execution_arn, now_epoch)
        return plan
    other = claims.take(plan.fingerprint, plan.execution_arn, now_epoch)
    if not other:
        return plan
    run = other.rpartition(":")[2]
    return replace(plan, anything_to_do=False, reason=f"run {run} builds the same at this moment")


def count_subscriptions() -> tuple[int, int]:
    """How many get what is told, and how many have not confirmed yet."""
    told = sns.get_topic_attributes(TopicArn=environment.topic_arn)["Attributes"]
    return int(told["SubscriptionsConfirmed"]), int(told["SubscriptionsPending"])


def check_audience(confirmed: int, pending: int) -> None:
    """Raise InputError where nobody would be told that a decision is waited for, before anything is paid."""
    if confirmed:
        return
    waiting = f"{pending} wait to be confirmed by the link that AWS mailed" if pending else "nobody subscribed"
    raise InputError(
        f"nobody would be told: no confirmed subscription on the topic {environment.topic_arn} ({waiting}). Confirm "
        "one, subscribe somebody (greenlight deploy --email …, or aws sns subscribe …), or deploy with --parameter "
        "AskWithoutMail=allow where people watch the registry or greenlight approvals"
    )


def newest_package() -> Registered | None:
    """The newest version of the package group and the fingerprint it was registered with."""
    listed = sagemaker.list_model_packages(
        ModelPackageGroupName=environment.package_group, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    if not listed:
        return None
    package = sagemaker.describe_model_package(ModelPackageName=listed[0]["ModelPackageArn"])
    return Registered(version=package["ModelPackageVersion"], fingerprint=Origin.of(package).fingerprint)


def find_champion() -> ChampionRecord | None:
    """What production serves; None where it serves nothing yet.

    Raises ContractError on a record that is not whole, or that the function which records did not mark: what a
    candidate is compared with is nobody else's to say.
    """
    item = found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True))
    champion = read_champion(item)
    if item and champion and not is_marked(kms, environment.record_key, champion.message(), item.get(MARK)):
        raise ContractError(NOT_RECORDED)
    return champion


def describe_champion(champion: ChampionRecord) -> Mapping[str, Any]:
    """The version that production serves, as the registry describes it; empty where it is gone."""
    try:
        found: Mapping[str, Any] = sagemaker.describe_model_package(ModelPackageName=champion.model_package_arn)
    except ClientError as error:
        # Whether it can be compared is then for the evaluation to find out.
        logger.warning("the champion's version cannot be described", reason=str(error))
        return {}
    return found


def serving_instance(package: Mapping[str, Any]) -> str:
    """The instance type that a version is served on; empty where it does not say."""
    types = package.get("InferenceSpecification", {}).get("SupportedRealtimeInferenceInstanceTypes", [])
    return str(types[0]) if types else ""


def write_champion(uri: str, champion: ChampionRecord | None) -> None:
    """Put ``champion.json`` and, when there is a champion, a copy of its archive where the evaluation reads them."""
    named = None if champion is None else champion.champion()
    write_json(uri + "champion.json", ChampionDocument(named).document())
    if champion is not None:
        copy(champion.model_data_url, uri + "model.tar.gz")


def write_pretrained(uri: str, weights: Weights) -> None:
    """Put ``pretrained.json`` and, when weights were given, a copy of the very bytes that were hashed beside it."""
    write_json(
        uri + "pretrained.json",
        {"version": VERSION, "source": weights.uri or None, "sha256": weights.sha256 or None},
    )
    if weights.uri:
        copy(weights.uri, uri + "weights.pt", {"CopySourceIfMatch": weights.etag})


def write_json(uri: str, document: Mapping[str, Any]) -> None:
    """Write one document."""
    bucket, key = split_s3_uri(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json")


def copy(source: str, target: str, conditions: Mapping[str, str] | None = None) -> None:
    """Copy one object without its bytes passing through here."""
    from_bucket, from_key = split_s3_uri(source)
    to_bucket, to_key = split_s3_uri(target)
    s3.copy(
        {"Bucket": from_bucket, "Key": from_key},
        to_bucket,
        to_key,
        ExtraArgs=dict(conditions or {}),
        Config=ONE_REQUEST,
    )
