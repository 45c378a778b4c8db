"""The edge of planning: reads S3, the table and the registry, and puts what the jobs need beside the run.

Safe to repeat: the same execution writes the same objects to the same places.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdas.plan_run.again import claim, look_up
from lambdas.plan_run.claim import Claims
from lambdas.plan_run.earlier import Earlier
from lambdas.plan_run.fingerprint import StoredFile
from lambdas.plan_run.layout import Layout
from lambdas.plan_run.plan import Deployment, Registered, Stored, describe_run, draw_up
from lambdas.plan_run.room import check_room
from lambdas.plan_run.sources import Reader
from lambdas.plan_run.turn import Turn, check_patience
from workflow.contract.build_plan import BuildPlan
from workflow.contract.champion import MARK, NOT_RECORDED, ChampionRecord, read_champion
from workflow.contract.dataset_objects import OBJECTS
from workflow.contract.document import read
from workflow.contract.execution import Execution
from workflow.contract.mark import is_marked
from workflow.contract.names import NOT_THERE
from workflow.contract.package_properties import Origin
from workflow.contract.policy import REFUSE, SHOW, refuse_loosened
from workflow.contract.reading import VERSION, ContractError
from workflow.contract.rule import InputError
from workflow.contract.run_input import BESIDE, RunInput
from workflow.contract.standing import Described, Premises
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION
from workflow.contract.tags import read_tags

ALLOW = "allow"
"""What a stack says where nobody has to be told by mail."""


class InputRejected(Exception):
    """The run cannot start: says which key, what was found and what is allowed."""


@dataclass(frozen=True)
class Event:
    """What the state gives: the execution's own input, unread, and the execution.

    ``before`` is the plan that it waited with for its turn, None where it did not.
    """

    input: Any
    execution: Execution
    before: BuildPlan | None = None


@dataclass(frozen=True)
class Environment:
    """The function's settings. ``record_key`` is what the record of the champion is marked with."""

    deployment: Deployment
    table: str
    record_key: str
    package_group: str
    defaults: Mapping[str, Any]
    loosening: str
    ask_without_mail: str
    topic_arn: str

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
                premises=Premises.read(environ),
                builds_engines=environ.get("GPU_ENDPOINTS") == "yes",
                own_serving="serving" in environ.get("OWN_IMAGES", "").split(","),
            ),
            table=environ["TABLE"],
            record_key=environ["RECORD_KEY"],
            package_group=environ["PACKAGE_GROUP"],
            defaults={"dataset": dataset, **defaults} if dataset else defaults,
            loosening=environ.get("POLICY_LOOSENING", REFUSE),
            ask_without_mail=environ.get("ASK_WITHOUT_MAIL", REFUSE),
            topic_arn=environ["TOPIC_ARN"],
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
layout = Layout(s3)
earlier = Earlier(s3, environment.deployment.bucket)
stepfunctions = boto3.client("stepfunctions")


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
        if asked.before is not None:
            still = wait_on(asked.before, given, asked.execution)
            if still.behind:
                return still.document()
        weights = reader.read_weights(given.weights)
        champion = find_champion() if given.compare else None
        judged = {} if champion is None else describe_champion(champion)
        version = earlier.find(given.dataset_version) if given.dataset_version else None
        found = Stored(
            files=reader.list_files(given.dataset) if version is None else version.files,
            weights_sha256=weights.sha256,
            newest=newest_package(),
            champion=champion,
            champion_evaluation=Origin.of(judged).evaluation_uri if judged else "",
            pretrained=weights.pretrained,
            staging=find_endpoint("staging"),
            production=find_endpoint("production"),
            earlier=None if version is None else version.kept,
        )
        drawn = draw_up(given, asked.execution, environment.deployment, found, loosened)
        plan = look_up(claims, drawn, given.force, found.newest)
        if asked.before is not None and asked.before.fingerprint != plan.fingerprint:
            claims.give_back(asked.before.fingerprint, plan.execution_arn)
        if plan.anything_to_do and environment.ask_without_mail != ALLOW:
            check_audience(*count_subscriptions())
        if plan.anything_to_do:
            served_by = None if environment.deployment.premises.elsewhere else serving_instance(judged)
            check_room(quotas, logger, given, plan.training, served_by, environment.topic_arn)
            plan = take_turn(plan, given, asked.execution)
            # Only now: a start that is refused must not take the place of what is remembered.
            plan = claim(claims, plan, given.force, found.newest, int(time.time()))
    except ContractError as error:
        raise InputRejected(str(error)) from error
    if plan.anything_to_do and not plan.behind:
        layout.write_champion(plan.uris.champion, found.champion)
        layout.write_pretrained(plan.uris.pretrained, weights)
        layout.write_json(plan.uris.record + "run.json", describe_run(given, plan))
        inspection = {"version": VERSION, "instances": given.prepare_instances}
        layout.write_json(plan.uris.inspected + "inspection.json", inspection)
        if version is not None:
            earlier.bring_back(version, plan.dataset.uri)
        else:
            note_objects(given.dataset, found.files, plan.uris.record + OBJECTS)
    logger.info("planned", run=plan.run, reason=plan.reason, files=plan.dataset.objects)
    return plan.document()


def note_objects(uri: str, files: Sequence[StoredFile], target: str) -> None:
    """Keep which objects the data is; the log tells where that cannot be, for no run waits for it."""
    try:
        if not earlier.keep(uri, files, target):
            logger.info("no later run can have this data once more", dataset=uri)
    except ClientError as error:
        logger.warning("which objects the data is was not kept", dataset=uri, reason=str(error))


def take_turn(plan: BuildPlan, given: RunInput, execution: Execution) -> BuildPlan:
    """The plan, or that it waits for the run which is under way to the same endpoint.

    One that waits for nobody takes its turn where it is free, so that the next one waits for it.
    """
    other = turn.take(execution.id)
    return plan if given.when_busy == BESIDE else behind(plan, given, execution, other)


def wait_on(plan: BuildPlan, given: RunInput, execution: Execution) -> BuildPlan:
    """The plan that the run waited with, ``behind`` whom it waits now; nothing is read again before its turn."""
    return behind(plan, given, execution, turn.find_other(execution.id))


def behind(plan: BuildPlan, given: RunInput, execution: Execution, other: str) -> BuildPlan:
    """The plan of a run that waits for the end of another execution; as it is where there is none.

    Raises InputError where it may not wait, or has waited long enough.
    """
    if not other:
        return replace(plan, behind="")
    reason = check_patience(given.when_busy, given.queue_hours, execution.started, datetime.now(UTC), other)
    logger.info("waits for its turn", run=plan.run, reason=reason)
    return replace(plan, behind=other.rpartition(":")[2], reason=reason)


def is_registered(package_arn: str) -> bool:
    """Whether the registry still has a version. Raises the client's error where it does not say."""
    try:
        sagemaker.describe_model_package(ModelPackageName=package_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return False
        raise
    return True


claims = Claims(table, stepfunctions, is_registered)
turn = Turn(table, stepfunctions)


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
    arn = str(package["ModelPackageArn"])
    return Registered(package["ModelPackageVersion"], Origin.of(package).fingerprint, arn)


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


def find_endpoint(stage: str) -> Described | None:
    """The endpoint of a stage as it stands; None where there is none of the stack's own in this account."""
    premises = environment.deployment.premises
    if premises.elsewhere or (premises.shared_endpoint and stage == "production"):
        return None
    try:
        return Described.of(sagemaker.describe_endpoint(EndpointName=f"{environment.deployment.project}-{stage}"))
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return None
        raise


def serving_instance(package: Mapping[str, Any]) -> str:
    """The instance type that a version is served on; empty where it does not say."""
    types = package.get("InferenceSpecification", {}).get("SupportedRealtimeInferenceInstanceTypes", [])
    return str(types[0]) if types else ""
