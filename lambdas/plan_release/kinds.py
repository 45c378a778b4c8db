"""What each stage of a release serves on, instances or none, and whether the endpoint that is there can become that.

Pure. From SageMaker's guide, "Deploy models with Amazon SageMaker Serverless Inference": an endpoint on instances never
becomes a serverless one; a serverless one can move to instances, and no roll-back of it brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lambdas.plan_release.package import RefusalError
from workflow.contract.instance_type import choose_inference_ami
from workflow.contract.serverless import SERVERLESS, check_network, keys_of, variant
from workflow.contract.serving import REALTIME, SAME, Serving


class Standing(Protocol):
    """An endpoint that exists: its name, and its ServerlessConfig where it has no instances."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def serverless(self) -> Mapping[str, Any] | None:
        """What DescribeEndpoint says of a serverless variant; None for one on instances."""


def describe_stage(stage: str, serving: Serving, instance: str, inference_ami: str) -> dict[str, Any]:
    """What the ProductionVariant of a stage says of what it serves on, of instances one."""
    if serving.stage(stage) == SERVERLESS:
        return variant(serving)
    return describe_variant(instance, inference_ami)


def describe_variant(instance: str, inference_ami: str) -> dict[str, Any]:
    """What a ProductionVariant on one instance of a type says: only GPUs have a driver, so others name no AMI."""
    ami = choose_inference_ami(instance, inference_ami)
    return {"InstanceType": instance, "InitialInstanceCount": 1, **({"InferenceAmiVersion": ami} if ami else {})}


def as_it_serves(serving: Serving, production: Standing | None) -> Serving:
    """How a version that goes back is served: on what production serves on now, which cannot change under it.

    A version is brought back because what serves is worse; from what it was registered for, all else stays.
    """
    if production is None:
        return serving
    if production.serverless is not None and serving.serve != SERVERLESS:
        return serving.changed({"serve": SERVERLESS, "maximum_instances": 0, **keys_of(production.serverless)})
    if production.serverless is None and serving.serve == SERVERLESS:
        return serving.changed({"serve": REALTIME})
    return serving


def check_kinds(serving: Serving, staging: Standing | None, production: Standing | None, *, in_vpc: bool) -> None:
    """Raise where a stage cannot serve so: RefusalError for its endpoint, InputError for the stack's network."""
    for stage, endpoint in (("staging", staging), ("production", production)):
        kind = serving.stage(stage)
        key = "serve" if stage == "production" or serving.staging_serve == SAME else "staging_serve"
        check_network(key, kind, in_vpc=in_vpc)
        if endpoint is None or (kind == SERVERLESS) == (endpoint.serverless is not None):
            continue
        make_room = f"aws sagemaker delete-endpoint --endpoint-name {endpoint.name}"
        if kind == SERVERLESS and stage == "staging":
            raise RefusalError(
                f"{key} = {kind}: {endpoint.name} is on instances, and SageMaker turns no such endpoint into a "
                f"serverless one: delete it ({make_room}), and start the release again, which makes it anew"
            )
        if stage == "production":
            now, why = (
                ("on instances", "SageMaker turns no such endpoint into a serverless one")
                if kind == SERVERLESS
                else ("serverless", "one that has moved to instances cannot be rolled back to it")
            )
            stays = REALTIME if kind == SERVERLESS else SERVERLESS
            raise RefusalError(
                f"{key} = {kind}: {endpoint.name} is {now}, and {why}. Start the release with serve={stays}, or, where "
                f"clients can be without answers for some minutes, delete the endpoint ({make_room}) and start the "
                "release again, which makes it anew"
            )
