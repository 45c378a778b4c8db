"""Whether the endpoints that stand can come to serve as a version is to be served, and where the stack allows it. Pure.

A build asks before it trains, a release before it makes anything. From SageMaker's guide, "Deploy models with Amazon
SageMaker Serverless Inference": an endpoint on instances never becomes a serverless one; a serverless one can move to
instances, and no roll-back of it brings it back. And from UpdateEndpoint: "The AsyncInferenceConfig parameter cannot be
removed from this endpoint"; no way is documented to give it to one that is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workflow.contract.asynchronous import ASYNC
from workflow.contract.challenge import CHALLENGES
from workflow.contract.rule import InputError
from workflow.contract.serverless import SERVERLESS, check_network
from workflow.contract.serving import BATCH, REALTIME, SAME, Serving
from workflow.contract.shared_endpoint import SHARED


class Standing(Protocol):
    """An endpoint that exists: its name, its ServerlessConfig where it has no instances, and whether it queues."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def serverless(self) -> Mapping[str, Any] | None:
        """What DescribeEndpoint says of a serverless variant; None for one on instances."""

    @property
    def asynchronous(self) -> bool:
        """Whether it answers asynchronously."""


@dataclass(frozen=True)
class Described:
    """An endpoint that exists, as DescribeEndpoint tells of it."""

    name: str
    serverless: Mapping[str, Any] | None
    asynchronous: bool

    @staticmethod
    def of(described: Mapping[str, Any]) -> Described:
        """Read DescribeEndpoint's answer."""
        variants = described.get("ProductionVariants", [])
        configs = [one["CurrentServerlessConfig"] for one in variants if "CurrentServerlessConfig" in one]
        return Described(
            described["EndpointName"], configs[0] if configs else None, "AsyncInferenceConfig" in described
        )


@dataclass(frozen=True)
class Premises:
    """What a stack has for its endpoints.

    Whether they are in a network of their own (``in_vpc``) or production in an account of its own (``elsewhere``),
    whether the stack has an API in front of production, whose callers wait for answers (``has_api``), and the name of
    the endpoint that production shares with others, empty for one of its own.
    """

    in_vpc: bool = False
    elsewhere: bool = False
    has_api: bool = False
    shared_endpoint: str = ""

    @staticmethod
    def read(environ: Mapping[str, str]) -> Premises:
        """Read them from a function's environment variables."""
        return Premises(
            in_vpc=environ.get("ENDPOINTS_IN_VPC") == "true",
            elsewhere=environ.get("SERVES", "here") != "here",
            has_api=environ.get("PREDICTION_API", "none") != "none",
            shared_endpoint=environ.get("SHARED_ENDPOINT", ""),
        )


def check_serving(serving: Serving, premises: Premises, staging: Standing | None, production: Standing | None) -> None:
    """Raise InputError where a version cannot be served so: says why, and what to type instead."""
    _check_shared(serving, premises.shared_endpoint)
    if premises.elsewhere:
        _check_elsewhere(serving)
    if serving.serve == BATCH and production:
        raise InputError(
            f"serve = {BATCH}: production is the endpoint {production.name}, and what serves by batches has none: it "
            f"would go on serving what it serves. Delete it first ({_delete(production)}), or start with "
            f"serve={REALTIME}"
        )
    if premises.has_api and serving.serve == ASYNC:
        raise InputError(
            f"serve = {ASYNC}: the stack's API in front of production waits for answers, and there production gives "
            f"none: take it away (greenlight deploy --parameter PredictionApi=none), or start with serve={REALTIME}"
        )
    for stage, endpoint in (("staging", staging), ("production", production)):
        _check_stage(stage, serving, endpoint, in_vpc=premises.in_vpc)


def _check_stage(stage: str, serving: Serving, endpoint: Standing | None, *, in_vpc: bool) -> None:
    kind, key = serving.stage(stage), key_of(stage, serving)
    check_network(key, kind, in_vpc=in_vpc)
    if endpoint is None or kind == BATCH:
        return
    now = SERVERLESS if endpoint.serverless is not None else ASYNC if endpoint.asynchronous else REALTIME
    anew = f"delete the endpoint ({_delete(endpoint)}){{}} and start again, which makes it anew"
    own = "serve" if stage == "production" else "staging_serve"
    # Staging may leave serverless, for it is never rolled back.
    if (kind == SERVERLESS) != (now == SERVERLESS) and (kind == SERVERLESS or stage == "production"):
        found, why = (
            ("on instances", "SageMaker turns no such endpoint into a serverless one")
            if kind == SERVERLESS
            else ("serverless", "one that has moved to instances cannot be rolled back to it")
        )
        raise InputError(
            f"{key} = {kind}: {endpoint.name} is {found}, and {why}. Start with {own}={now}, or, where clients can be "
            f"without answers for some minutes, {anew.format('')}"
        )
    if (kind == ASYNC) != (now == ASYNC):
        raise InputError(
            f"{key} = {kind}: {endpoint.name} is {now}, and SageMaker turns no endpoint into an {ASYNC} one, or back. "
            f"Start with {own}={now}, or {anew.format(', with all that waits in its queue,')}"
        )


def key_of(stage: str, serving: Serving) -> str:
    """The key of the input that says how a stage serves."""
    return "serve" if stage == "production" or serving.staging_serve == SAME else "staging_serve"


def _delete(endpoint: Standing) -> str:
    return f"aws sagemaker delete-endpoint --endpoint-name {endpoint.name}"


def _check_shared(serving: Serving, shared_endpoint: str) -> None:
    """No version is served elsewhere than the stack's rights and its clients go."""
    if serving.serve == SHARED and not shared_endpoint:
        raise InputError(
            f"serve = {SHARED}: the stack names no endpoint that it shares: deploy it with SharedEndpoint=NAME, or "
            f"start with serve={REALTIME}"
        )
    if serving.serve != SHARED and shared_endpoint:
        raise InputError(
            f"serve = {serving.serve}: the stack serves on the shared endpoint {shared_endpoint} alone: start with "
            f"serve={SHARED}, or deploy it with an empty SharedEndpoint"
        )


def _check_elsewhere(serving: Serving) -> None:
    """Stages in other accounts have no way to this one's bucket and topics, and nothing here follows their fleets."""
    for stage in ("staging", "production"):
        if serving.stage(stage) == ASYNC:
            raise InputError(
                f"{key_of(stage, serving)} = {ASYNC}: {stage} is in another account, where it cannot: start with "
                f"{key_of(stage, serving)}={REALTIME}"
            )
    if serving.serve in CHALLENGES:
        raise InputError(
            f"serve = {serving.serve}: production in an account of its own cannot be challenged yet: start with "
            f"serve={REALTIME}"
        )
    if serving.maximum_instances:
        raise InputError(
            f"maximum_instances = {serving.maximum_instances}: production is in another account, whose fleet nothing "
            "here has followed: say maximum_instances=0, and have it followed there"
        )
