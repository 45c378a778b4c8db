"""The edge of serving on a shared endpoint: looks at what is there, does what is next, and says whether it serves.

The machine asks until it does. Safe to repeat: what was begun is seen by the next look.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from lambdas.serve_component.next_step import Component, NotServedError, SoFar, Step, choose
from lambdas.serve_component.requests import alarms, configuration, specification
from workflow.contract.document import Text, read
from workflow.contract.names import NOT_THERE
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.shared_endpoint import rolling
from workflow.contract.tags import read_tags

EXISTS = "already existing"
"""What SageMaker says, in a ValidationException, of a name that is taken."""


class ComponentNotServed(Exception):
    """The shared endpoint does not serve the wanted model: says why."""


@dataclass(frozen=True)
class Environment:
    """The function's settings. Those of the network and the key are empty where the stack has none."""

    role_arn: str
    instance_count: int
    latency_limit: int
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    key_arn: str
    tags: Mapping[str, str]

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            role_arn=environ["ENDPOINT_ROLE_ARN"],
            instance_count=int(environ["ENDPOINT_INSTANCE_COUNT"]),
            latency_limit=int(environ["LATENCY_LIMIT"]),
            subnets=tuple(filter(None, environ.get("SUBNET_IDS", "").split(","))),
            security_groups=tuple(filter(None, environ.get("SECURITY_GROUP_IDS", "").split(","))),
            key_arn=environ.get("KEY_ARN", ""),
            tags=read_tags(environ.get("TAGS", "")),
        )


@dataclass(frozen=True)
class Wanted:
    """What the state gives: the plan, the model to serve, what was seen so far, and whether it is the way ``back``.

    ``redriven`` is how often the stage's own execution was: then no release waits for it any more, and holds the lock.
    """

    plan: ReleasePlan
    model: Text
    so_far: SoFar
    back: bool = False
    redriven: int = 0


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
sagemaker = boto3.client("sagemaker")
cloudwatch = boto3.client("cloudwatch")


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return whether the component serves the model (``name``), and what the next look has to know.

    Raises ComponentNotServed where it will not.
    """
    metrics.add_metric(name="ComponentLookedAt", unit=MetricUnit.Count, value=1)
    wanted = read(Wanted, event, "event")
    plan = wanted.plan
    component = described(lambda: sagemaker.describe_inference_component(InferenceComponentName=plan.component))
    found = Component.of(component) if component else None
    endpoint = described(lambda: sagemaker.describe_endpoint(EndpointName=plan.production_endpoint))
    try:
        step = choose(plan.production_endpoint, endpoint.get("EndpointStatus", ""), found, wanted.model, wanted.so_far)
    except NotServedError as error:
        raise ComponentNotServed(str(error)) from error
    if wanted.redriven and step in (Step.MAKE_ENDPOINT, Step.CREATE, Step.UPDATE):
        raise ComponentNotServed("no release waits for this any more: redrive the release, or start another")
    logger.info("next", step=step, component=plan.component, model=wanted.model)
    if step is Step.MAKE_ENDPOINT:
        make_endpoint(plan)
    elif step is Step.CREATE:
        create(plan, wanted.model)
    elif step is Step.UPDATE and found is not None:
        update(plan, wanted, found.copies)
    # Whoever changes the component now does so for this release, which holds the lock.
    changes = step in (Step.CREATE, Step.UPDATE) or (found is not None and found.status != "InService")
    return {
        "name": wanted.model,
        "ready": step is Step.READY,
        "looks": wanted.so_far.looks + 1,
        "begun": wanted.so_far.begun or changes,
    }


def make_endpoint(plan: ReleasePlan) -> None:
    """Create the endpoint that nothing serves on yet; what another project has made meanwhile is as good."""
    wanted = configuration(
        plan,
        role_arn=environment.role_arn,
        instances=environment.instance_count,
        subnets=environment.subnets,
        security_groups=environment.security_groups,
        key_arn=environment.key_arn,
        tags=environment.tags,
    )
    once(lambda: sagemaker.create_endpoint_config(**wanted))
    once(
        lambda: sagemaker.create_endpoint(
            EndpointName=plan.production_endpoint,
            EndpointConfigName=wanted["EndpointConfigName"],
            Tags=wanted["Tags"],
        )
    )


def create(plan: ReleasePlan, model: str) -> None:
    """Create the component."""
    serving = plan.serving or {}
    once(
        lambda: sagemaker.create_inference_component(
            InferenceComponentName=plan.component,
            EndpointName=plan.production_endpoint,
            VariantName="main",
            Specification=specification(plan, model),
            RuntimeConfig={"CopyCount": serving["shared_copies"]},
            Tags=list(plan.tags),
        )
    )


def update(plan: ReleasePlan, wanted: Wanted, copies: int) -> None:
    """Bring the component onto the model, with the copies it has; alarms of the release's own watch the way forward."""
    deployment = rolling(plan.production_configuration, copies, back=wanted.back or plan.goes_back)
    if "AutoRollbackConfiguration" in deployment:
        for alarm in alarms(plan, environment.latency_limit):
            cloudwatch.put_metric_alarm(**alarm)
    sagemaker.update_inference_component(
        InferenceComponentName=plan.component,
        Specification=specification(plan, wanted.model),
        **({"DeploymentConfig": deployment} if deployment else {}),
    )


def described(describe: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What SageMaker says of a thing; nothing where there is none."""
    try:
        return describe()
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return {}
        raise


def once(create: Callable[[], object]) -> None:
    """Create a thing; that it is there already is as good."""
    try:
        create()
    except ClientError as error:
        if EXISTS not in json.dumps(error.response["Error"]):
            raise
