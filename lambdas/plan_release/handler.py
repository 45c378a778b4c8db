"""The edge of planning a release: reads the registry, the decision, the archive and the endpoints, takes the lock.

The lock comes last, so that a refused release holds nothing. Before production changes, the machine has the plan
confirmed: a release that was stopped lost the lock, another one may have taken place before its redrive, and whoever
completed a task token need not be who may decide. How production moves is said only then, by the instances it has at
that moment. Safe to repeat within one execution.
"""

from __future__ import annotations

import hashlib
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
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.plan_release.action import (
    Challenging,
    Confirmation,
    Look,
    Planning,
    PlanningABatch,
    PlanningAStage,
    RollBack,
    Withdrawing,
    read_action,
)
from lambdas.plan_release.asked import check_started
from lambdas.plan_release.batch import choose_version, plan_batch
from lambdas.plan_release.challenge import draw_challenge
from lambdas.plan_release.decision import (
    EVALUATION,
    NotApprovedError,
    check_decision,
    check_place,
    check_production_decision,
)
from lambdas.plan_release.existing import (
    describe_configuration,
    describe_package,
    find_component,
    find_endpoint,
    has_configuration,
    has_model,
)
from lambdas.plan_release.judged import Judged
from lambdas.plan_release.lock import LockedError, ReleaseLock
from lambdas.plan_release.package import Package, RefusalError, check_archive, read
from lambdas.plan_release.pictures import find_pictures
from lambdas.plan_release.plan import (
    Found,
    LeavingError,
    OvertakenError,
    Served,
    Settings,
    check_overtaken,
    draw_up,
    rollout,
)
from lambdas.plan_release.previous import describe_previous
from lambdas.plan_release.signed import Decisions
from lambdas.plan_release.stage import (
    MovesError,
    StageInput,
    attempt_of,
    check_ready,
    draw_stage,
)
from lambdas.plan_release.withdrawal import ChangingError, draw_withdrawal
from workflow.contract.asynchronous import Outlets
from workflow.contract.batch import BatchInput, BatchPlan
from workflow.contract.capture import configure_capture
from workflow.contract.challenge import ChallengeRecord, read_challenge
from workflow.contract.champion import MARK, ChampionRecord, read_champion
from workflow.contract.decision import Decision
from workflow.contract.execution import Execution
from workflow.contract.mark import is_marked
from workflow.contract.names import split_s3_uri
from workflow.contract.policy import REFUSE, SHOW, refuse_loosened
from workflow.contract.put_away import read_put_away
from workflow.contract.reading import ContractError
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import PreviousVersion, ReleasePlan
from workflow.contract.serving import ANSWER_AT_ONCE, REALTIME, Serving
from workflow.contract.stage_accounts import STAGES, AccountError, StageAccounts
from workflow.contract.stage_plan import StagePlan
from workflow.contract.standing import Premises
from workflow.contract.stored import hash_stored
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHALLENGE, CHAMPION, PUT_AWAY
from workflow.contract.tags import read_tags, tag_list
from workflow.contract.vote import read_required


class ReleaseRefused(Exception):
    """The release may not start, or not go on to production: says why. Production is as it was."""


class ReleaseOvertaken(Exception):
    """Another release has taken place since this one was planned, or takes place now: says which.

    By this name a machine knows that it must not put production back.
    """


class EndpointLeaves(Exception):
    """An endpoint is being put away, or changes under a challenger that is to go.

    By this name the machine knows that it has to plan once more, a little later.
    """


class EndpointMoves(Exception):
    """An endpoint is on its way to another configuration. By this name the machine knows that it has to wait for it."""


@dataclass(frozen=True)
class Environment:
    """The function's settings.

    ``decision_key`` names the KMS key that decisions are marked with, ``record_key`` that of the champion's record;
    ``key`` is the one that the stack's data lies under, empty for none. ``outlets`` are where the answers of an
    asynchronous endpoint go; None where the stages are in other accounts.
    """

    project: str
    bucket: str
    table: str
    decision_key: str
    record_key: str
    package_group: str
    defaults: Mapping[str, Any]
    instance_count: int
    premises: Premises
    loosening: str
    required_approvals: int
    tags: Mapping[str, str]
    key: str
    capture: Mapping[str, Any] | None
    outlets: Outlets | None

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            bucket=environ["BUCKET"],
            table=environ["TABLE"],
            decision_key=environ["DECISION_KEY"],
            record_key=environ["RECORD_KEY"],
            package_group=environ["PACKAGE_GROUP"],
            defaults=json.loads(environ.get("DEFAULTS") or "{}"),
            instance_count=int(environ.get("ENDPOINT_INSTANCE_COUNT") or "1"),
            premises=Premises.read(environ),
            loosening=environ.get("POLICY_LOOSENING", REFUSE),
            required_approvals=read_required(environ),
            tags=read_tags(environ.get("TAGS", "")),
            key=environ.get("KEY_ARN", ""),
            capture=configure_capture(
                int(environ.get("CAPTURE_PERCENT") or "0"), environ["BUCKET"], environ.get("KEY_ARN", "")
            ),
            outlets=read_outlets(environ),
        )


def read_outlets(environ: Mapping[str, str]) -> Outlets | None:
    """Where asynchronous answers go, from environment variables; None where the stack has no topics for them."""
    answered, unanswered = environ.get("ANSWERED_TOPIC", ""), environ.get("UNANSWERED_TOPIC", "")
    if not (answered and unanswered):
        return None
    return Outlets(environ["BUCKET"], answered, unanswered, environ.get("KEY_ARN", ""))


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
accounts = StageAccounts(boto3.client, os.environ)
table = boto3.resource("dynamodb").Table(environment.table)
kms = boto3.client("kms")
decisions = Decisions(table, kms, environment.decision_key, environment.project, environment.required_approvals)
stepfunctions = boto3.client("stepfunctions")
lock = ReleaseLock(table, stepfunctions)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the plan of this release, or that it still stands and how.

    Raises ReleaseRefused otherwise, and ReleaseOvertaken where a plan was confirmed too late.
    """
    accounts.forget()
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
            case Challenging(execution, release, asked):
                count("ChallengeRequested")
                check_started(stepfunctions, execution, asked, release.execution_arn)
                return plan_challenge(execution, release, action.given).document()
            case Withdrawing(execution, stopped):
                count("WithdrawalRequested")
                return plan_withdrawal(execution, stopped).document()
            case PlanningABatch(execution, wanted):
                count("BatchRequested")
                return plan_a_batch(execution, wanted).document()
            case PlanningAStage(execution, stage, asked):
                count("StageRequested")
                check_started(stepfunctions, execution, asked, stage.release.execution_arn)
                return plan_stage(execution, stage).document()
            case Confirmation(plan):
                count("ReleaseConfirmed")
                check_production_decision(decisions.find_for_production(plan), plan)
                confirm(plan)
                production = find_endpoint(accounts.twin(sagemaker, "production"), plan.production_endpoint)
                moves = rollout(plan, production, environment.instance_count)
                return {"confirmed": True, **moves, "capture": find_capture(plan)}
            case RollBack(plan):
                count("RollBackConfirmed")
                confirm(plan)
                return {"confirmed": True}
            case Look():
                return {stage: accounts.look(stage) for stage in STAGES}
    except (ChangingError, LeavingError) as error:
        raise EndpointLeaves(str(error)) from error
    except MovesError as error:
        raise EndpointMoves(str(error)) from error
    except (LockedError, OvertakenError) as error:
        # To a release that is only planned, another one is a reason not to start.
        raise (ReleaseRefused if isinstance(action, (Planning, Challenging, Withdrawing)) else ReleaseOvertaken)(
            str(error)
        ) from error
    except (AccountError, ContractError, NotApprovedError, RefusalError) as error:
        raise ReleaseRefused(str(error)) from error


def count(name: str) -> None:
    """Add one to a metric."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def plan_release(execution: Execution, given: ReleaseInput) -> ReleasePlan:
    """Check everything, take the lock and give the plan. Raises what the checks raise."""
    if environment.loosening != SHOW:
        refuse_loosened(given.loosened(environment.defaults))
    plan = check_release(execution, given)
    confirm(plan)
    check_stays(plan)
    logger.info("planned", run=plan.run, package_version=plan.package_version, previous=plan.previous_configuration)
    return plan


def plan_challenge(execution: Execution, release: ReleasePlan, given: ReleaseInput) -> ReleasePlan:
    """The same for the challenge that a release waits for: of its plan nothing is believed but what it wants, and how.

    The lock goes from the release to the challenge, which gives it back while the two are compared.
    """
    plan = check_release(execution, given)
    production = find_endpoint(sagemaker, plan.production_endpoint)
    serves = "" if production is None else production.configuration
    last = find_challenge()
    challenge = draw_challenge(
        Serving.read(plan.serving or {}),
        release.execution_arn,
        plan.production_variant or plan.variant or {},
        describe_configuration(sagemaker, plan.previous_configuration),
        instances=(production.instances if production else 0) or 1,
        # One that was stopped is begun anew, with the challenger still there.
        serves=plan.previous_configuration if last is not None and serves == last.configuration else serves,
        recorded=plan.previous_configuration,
    )
    plan = replace(plan, challenge=challenge)
    confirm(plan, of=release.execution_arn)
    check_stays(plan)
    logger.info("planned a challenge", run=plan.run, package_version=plan.package_version, champion=serves)
    return plan


def plan_withdrawal(execution: Execution, stopped: str) -> ReleasePlan:
    """Plan what puts the champion alone behind production after a challenge ended midway, and take the lock."""
    champion, believed = find_champion()
    plan = draw_withdrawal(
        execution,
        lock.stepfunctions.describe_execution(executionArn=stopped),
        find_challenge(),
        Served.of(champion, believed=believed),
        find_endpoint(sagemaker, f"{environment.project}-production"),
    )
    plan = replace(plan, previous=find_previous(champion, plan))
    confirm(plan)
    logger.info("planned a withdrawal", run=plan.run, package_version=plan.package_version, why=plan.withdrawal)
    return plan


def plan_stage(execution: Execution, asked: StageInput) -> StagePlan:
    """Give the plan of a stage, once its endpoint takes an update.

    The release is confirmed once more: one that is redriven starts its stage anew, and must not take it from another
    that has begun meanwhile. On the way back nothing else is in the way; where nobody can tell, there is none.
    """
    release = asked.release
    try:
        confirm(release)
    except (ClientError, BotoCoreError, ContractError) as error:
        if not asked.back:
            raise
        logger.warning("nobody can tell whose production is", error=str(error))
    shared = asked.stage == "production" and bool(release.component)
    sagemaker_there = accounts.twin(sagemaker, asked.stage)
    name = release.staging_endpoint if asked.stage == "staging" else release.production_endpoint
    endpoint = find_endpoint(sagemaker_there, name)
    if not shared:
        check_ready(endpoint, back=asked.back)
    forward = asked.stage == "production" and not asked.back
    return draw_stage(
        asked,
        "" if asked.back else attempt_of(execution, asked),
        exists=endpoint is not None,
        moves=rollout(release, endpoint, environment.instance_count) if forward else None,
        capture=find_capture(release) if forward else None,
    )


def find_capture(plan: ReleasePlan) -> Mapping[str, Any] | None:
    """What is kept of production's requests; None where nothing is, or where it answers out of a queue."""
    answers_at_once = (plan.serving or {}).get("serve", REALTIME) in ANSWER_AT_ONCE
    return environment.capture if answers_at_once else None


def check_release(execution: Execution, given: ReleaseInput) -> ReleasePlan:
    """Check everything but whether another release runs, and give the plan."""
    settings = Settings.read(environment.defaults, environment.premises)
    package, decision, judged, archive_etag = find_approved(given.model_package_arn)
    champion, believed = find_champion()
    found = find_around(Served.of(champion, believed=believed), decision, judged)
    plan = draw_up(environment.project, execution, given, settings, package, found, environment.outlets)
    skipped = bool(given.loosened(environment.defaults))
    previous = find_previous(champion if believed else None, plan)
    tags = tag_list(environment.project, execution.name, environment.tags)
    return replace(plan, archive_etag=archive_etag, previous=previous, skipped_question=skipped, tags=tags)


def find_approved(arn: str) -> tuple[Package, Decision, Judged, str]:
    """A version that a person approved and that still is what was approved, and S3's mark of its very archive.

    Raises RefusalError for any other.
    """
    package = find_package(arn)
    figures = read_figures(package.evaluation_uri + EVALUATION)
    digest = hashlib.sha256(figures).hexdigest() if figures else ""
    decision = check_decision(decisions.find(package.arn), package, digest)
    judged = Judged.read(figures, package)
    check_place(decision, package, environment.bucket)
    archive = hash_stored(s3, package.model_data_url)
    check_archive(package, archive.digest)
    return package, decision, judged, archive.etag


def plan_a_batch(execution: Execution, given: BatchInput) -> BatchPlan:
    """Check the version as for a release, look at the pictures and give the plan. It takes no lock: nothing changes.

    Which few pictures the page shows is written down for the job that draws them.
    """
    champion, believed = find_champion()
    package, decision, judged, _ = find_approved(choose_version(given, champion, believed=believed))
    pictures = find_pictures(s3, given.pictures)
    plan = plan_batch(
        environment.project,
        environment.bucket,
        execution,
        given,
        package=package,
        decision=decision,
        judged=judged,
        pictures=pictures,
        usual_instance=Settings.read(environment.defaults).instance,
        key=environment.key,
        own_tags=environment.tags,
    )
    bucket, key = split_s3_uri(plan.uris.sheet)
    s3.put_object(Bucket=bucket, Key=key, Body=pictures.sheet())
    return plan


def read_figures(uri: str) -> bytes:
    """The evaluation's figures, none where there are none. Read once: what is held to the decision is what is shown."""
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return b""
    return content


def find_around(served: Served, decision: Decision, judged: Judged) -> Found:
    """What there is before a release: both endpoints, beside what is recorded as served."""
    in_production = accounts.twin(sagemaker, "production")
    shared = bool(environment.premises.shared_endpoint)
    production = (find_component if shared else find_endpoint)(in_production, f"{environment.project}-production")
    is_there = has_model if shared else has_configuration
    foreign = production is not None and production.configuration != served.configuration
    return Found(
        staging=find_endpoint(accounts.twin(sagemaker, "staging"), f"{environment.project}-staging"),
        production=production,
        served=served,
        decision=decision,
        judged=judged,
        # What somebody else recorded is no way back.
        served_is_there=not foreign or (served.believed and is_there(in_production, served.configuration)),
    )


def find_previous(champion: ChampionRecord | None, plan: ReleasePlan) -> PreviousVersion:
    """What a roll-back has to bring back. It waits for nobody: what cannot be believed only tells less."""
    if champion is None or not plan.production_exists:
        return describe_previous(champion, {}, None, plan)
    known = describe_package(sagemaker, champion.model_package_arn)
    try:
        decision = decisions.look_up(champion.model_package_arn)
    except RefusalError:
        decision = None
    return describe_previous(champion, known, decision, plan)


def confirm(plan: ReleasePlan, of: str = "") -> None:
    """Take the lock, or keep it, and see that the plan still stands. Raises LockedError and OvertakenError.

    It may be taken ``of`` the release that has started this execution and waits for it.

    Only the holder changes what production serves. Who is refused under the lock ends, and leaves it to the next.
    """
    lock.take(plan.execution_arn, int(time.time()), of)
    champion, believed = find_champion()
    check_overtaken(plan, Served.of(champion, believed=believed))


def check_stays(plan: ReleasePlan) -> None:
    """Raise LeavingError where an endpoint that the plan counts on is being put away; under the lock none begins to."""
    leaving = read_put_away(found_item(table.get_item(Key={"id": PUT_AWAY}, ConsistentRead=True)))
    there = {plan.staging_endpoint: plan.staging_exists, plan.production_endpoint: plan.production_exists}
    for name in leaving:
        if there.get(name):
            raise LeavingError(name)


def find_challenge() -> ChallengeRecord | None:
    """The record of the last challenge; None where there was none."""
    return read_challenge(found_item(table.get_item(Key={"id": CHALLENGE}, ConsistentRead=True)))


def find_package(arn: str) -> Package:
    """The registered version. Raises RefusalError where there is none or it may not be released."""
    described = describe_package(sagemaker, arn)
    if not described:
        raise RefusalError(f"there is no model package {arn}")
    return read(described, environment.package_group)


def find_champion() -> tuple[ChampionRecord | None, bool]:
    """The record of what production serves, and whether it is as the function that records has written it.

    Raises ContractError where it is not whole.
    """
    item = found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True))
    champion = read_champion(item)
    if item is None or champion is None:
        return None, True
    return champion, is_marked(kms, environment.record_key, champion.message(), item.get(MARK))
