"""How production's fleet follows its load: the keys that say so, and what Application Auto Scaling is told. Pure.

SageMaker's guide, "Automatic scaling of Amazon SageMaker AI models" and "Update endpoints that use auto scaling": while
an endpoint is updated its fleet does not follow; a changed model keeps its target, a changed instance type may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.contract.rule import InputError, Number, OneOf, Whole, key
from workflow.contract.scale_to_zero import scale_to_zero

INVOCATIONS, CONCURRENCY = "invocations", "concurrency"
METRICS = {
    INVOCATIONS: "SageMakerVariantInvocationsPerInstance",
    CONCURRENCY: "SageMakerVariantConcurrentRequestsPerModelHighResolution",
}
"""What may be followed, and Application Auto Scaling's names of it."""
SERVICE, DIMENSION = "sagemaker", "sagemaker:variant:DesiredInstanceCount"


@dataclass(frozen=True)
class AutoscalingInput:
    """Between how many instances production's fleet follows its load, and how."""

    minimum_instances: int = key(
        Whole("instances that production keeps at the least where maximum_instances is given; 0 with async", 0, 100),
        1,
    )
    maximum_instances: int = key(
        Whole("instances that production grows to at the most; 0 for a fleet that no load changes", 0, 100), 0
    )
    scale_on: str = key(
        OneOf(
            "the load that a real-time fleet follows: requests a minute, or at one time; async follows its queue",
            tuple(METRICS),
        ),
        INVOCATIONS,
    )
    scale_target: float = key(
        Number("how much of that load, or of the queue, an instance shall have; needed with maximum_instances", 0, 1e6),
        0.0,
    )
    scale_out_seconds: int = key(Whole("seconds between two growths of the fleet", 0, 3600), 300)
    scale_in_seconds: int = key(Whole("seconds between two times that the fleet shrinks", 0, 3600), 300)


def check_autoscaling(given: AutoscalingInput, *, instances: bool, to_zero: bool) -> None:
    """Raise InputError where the keys contradict one another, or the kind of serving.

    ``instances`` is whether the kind has instances that a load may change, ``to_zero`` whether none is allowed.
    """
    if not given.maximum_instances:
        return
    if not instances:
        raise InputError(
            f"maximum_instances = {given.maximum_instances}: only realtime and async have a fleet that follows a load; "
            "leave it out, or say serve=realtime"
        )
    if given.minimum_instances > given.maximum_instances:
        raise InputError(
            f"minimum_instances = {given.minimum_instances}: must be no more than maximum_instances, which is "
            f"{given.maximum_instances}"
        )
    if not given.minimum_instances and not to_zero:
        raise InputError(
            "minimum_instances = 0: a real-time fleet keeps one instance; say 1 at the least, or serve=async"
        )
    if given.scale_target <= 0:
        raise InputError(
            "scale_target: missing, and maximum_instances is given; say how much load one instance shall have, such as "
            "scale_target=600 for ten requests a second on average with scale_on=invocations"
        )


@dataclass(frozen=True)
class Scaling:
    """What Application Auto Scaling is told: a ``target``, its ``policies``, and the ``alarm`` that takes a step."""

    target: Mapping[str, Any]
    policies: tuple[Mapping[str, Any], ...]
    alarm: Mapping[str, Any] = field(default_factory=dict)


def place(endpoint: str, variant: str) -> dict[str, str]:
    """How Application Auto Scaling names the fleet of a variant."""
    return {
        "ServiceNamespace": SERVICE,
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": DIMENSION,
    }


def says(found: object, wanted: object) -> bool:
    """Whether what is described holds all that is wanted; what the service adds to it is its own."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(says(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(says, found, wanted))
    return found == wanted


def describe_scaling(given: AutoscalingInput, endpoint: str, variant: str, *, queued: bool) -> Scaling | None:
    """What is told of an endpoint's variant; None for a fleet that no load changes. ``queued`` is for async."""
    if not given.maximum_instances:
        return None
    here = place(endpoint, variant)
    capacity = {"MinCapacity": given.minimum_instances, "MaxCapacity": given.maximum_instances}
    if queued:
        policies, alarm = scale_to_zero(
            given.scale_target,
            endpoint,
            here,
            out_seconds=given.scale_out_seconds,
            in_seconds=given.scale_in_seconds,
        )
        return Scaling({**here, **capacity}, policies, alarm)
    tracked = {
        "TargetValue": given.scale_target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRICS[given.scale_on]},
        "ScaleOutCooldown": given.scale_out_seconds,
        "ScaleInCooldown": given.scale_in_seconds,
    }
    policy = {
        **here,
        "PolicyName": f"{endpoint}-{given.scale_on}",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracked,
    }
    return Scaling({**here, **capacity}, (policy,))
