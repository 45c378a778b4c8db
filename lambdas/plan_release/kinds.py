"""What each stage of a release serves on, instances or none. Pure."""

from __future__ import annotations

from typing import Any

from workflow.contract.instance_type import choose_inference_ami
from workflow.contract.serverless import SERVERLESS, keys_of, variant
from workflow.contract.serving import REALTIME, Serving
from workflow.contract.standing import Standing


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
