"""The edge of scaling: tells Application Auto Scaling between how many instances production follows its load.

A release calls it twice: before production changes, to let go of a fleet whose instances become others, which could not
be updated otherwise; and once the new version serves, to have it followed. Every five minutes a schedule calls it with
nothing, so that what serves is followed also where a release went back or was stopped. Safe to repeat.
"""

from __future__ import annotations

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

from workflow.contract.asynchronous import ASYNC
from workflow.contract.autoscaling import describe_scaling, place, says
from workflow.contract.champion import read_champion
from workflow.contract.deployment import VARIANT
from workflow.contract.document import read
from workflow.contract.release_lock import read_lock
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.serving import Serving
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import CHAMPION, RELEASE_LOCK

BUSY_SECONDS = 3600
"""How long after its last confirmation a release may be about to change production."""
NOT_THERE = ("ValidationException", "ObjectNotFoundException", "ResourceNotFound")


@dataclass(frozen=True)
class Asked:
    """What the state gives: the plan, None from the schedule; and whether production only is about to change."""

    plan: ReleasePlan | None = None
    before: bool = False


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    table: str

    @property
    def endpoint(self) -> str:
        """Production's."""
        return f"{self.project}-production"

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(environ["PROJECT"], environ["TABLE"])


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
sagemaker = boto3.client("sagemaker")
cloudwatch = boto3.client("cloudwatch")
scaling = boto3.client("application-autoscaling")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return ``{"follows"}``: how the fleet is followed now, in words."""
    metrics.add_metric(name="ScalingLookedAt", unit=MetricUnit.Count, value=1)
    asked = read(Asked, event, "event")
    if asked.plan is None:
        serving = find_served()
        follows = "as it was" if serving is None else follow(serving)
    elif asked.before:
        follows = prepare(asked.plan)
    else:
        follows = follow(Serving.read(asked.plan.serving or {}))
    logger.info("scaling", follows=follows)
    return {"follows": follows}


def find_served() -> Serving | None:
    """How the recorded version is served, where production serves it and no release is about to change it; else None.

    A release that waits for people, or was stopped, holds the lock for long and changes nothing meanwhile.
    """
    champion = read_champion(found_item(table.get_item(Key={"id": CHAMPION}, ConsistentRead=True)))
    lock = read_lock(found_item(table.get_item(Key={"id": RELEASE_LOCK}, ConsistentRead=True)))
    busy = lock is not None and time.time() - lock.taken_epoch < BUSY_SECONDS
    if champion is None or busy or not champion.serving:
        return None
    endpoint = describe_production()
    ready = endpoint.get("EndpointStatus") == "InService"
    recorded = endpoint.get("EndpointConfigName") == champion.production_configuration
    return Serving.parse(champion.serving) if ready and recorded else None


def prepare(plan: ReleasePlan) -> str:
    """Let go of a fleet that a release gives other instances; any other is followed again once it is updated."""
    configuration = describe_production().get("EndpointConfigName")
    if configuration is None:
        return "there is no production"
    described = sagemaker.describe_endpoint_config(EndpointConfigName=configuration)
    kinds = {variant.get("InstanceType", "") for variant in described["ProductionVariants"]}
    if kinds == {plan.instance}:
        return "as before, once production is updated"
    let_go()
    return "no longer: its instances become others"


def follow(serving: Serving) -> str:
    """Have production's fleet followed as this says; what was told of it before is gone."""
    wanted = describe_scaling(serving, environment.endpoint, VARIANT, queued=serving.serve == ASYNC)
    if wanted is None:
        let_go()
        return "no load"
    here = place(environment.endpoint, VARIANT)
    targets = scaling.describe_scalable_targets(
        ServiceNamespace=here["ServiceNamespace"], ResourceIds=[here["ResourceId"]]
    )["ScalableTargets"]
    if not any(says(target, wanted.target) for target in targets):
        scaling.register_scalable_target(**wanted.target)
    found = {policy["PolicyName"]: policy for policy in scaling.describe_scaling_policies(**here)["ScalingPolicies"]}
    arns = {policy["PolicyName"]: put_policy(policy, found.get(policy["PolicyName"])) for policy in wanted.policies}
    # Two that track the load of one fleet would pull at it.
    for name in found.keys() - arns.keys():
        scaling.delete_scaling_policy(PolicyName=name, **here)
    if wanted.alarm:
        cloudwatch.put_metric_alarm(**wanted.alarm, AlarmActions=[arns[wanted.alarm["AlarmName"]]])
    return f"its load, between {wanted.target['MinCapacity']} and {wanted.target['MaxCapacity']} instances"


def put_policy(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> str:
    """The ARN of a policy that says what is wanted: the one that is found, or that one written anew."""
    if found is not None and says(found, wanted):
        return str(found["PolicyARN"])
    return str(scaling.put_scaling_policy(**wanted)["PolicyARN"])


def let_go() -> None:
    """Follow no load any more; the policies and their alarms go with the target."""
    try:
        scaling.deregister_scalable_target(**place(environment.endpoint, VARIANT))
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise


def describe_production() -> Mapping[str, Any]:
    """Production as it stands; empty where there is none."""
    try:
        described: Mapping[str, Any] = sagemaker.describe_endpoint(EndpointName=environment.endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise
        return {}
    return described
