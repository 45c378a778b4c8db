"""Holds every job and endpoint against the account's quota for its instance type and use, as SageMaker does."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.quotas import use_of
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_RUNNING = ("InProgress", "Stopping")


def require_room(workshop: Workshop, instance: str, use: str, more: int) -> None:
    """Raise ResourceLimitExceeded where ``more`` instances of a type for one use are over the quota."""
    name = use_of(instance, use)
    limit = int(workshop.settings.quotas.value(name))
    used = sum(count for taken, count in _in_use(workshop) if taken == name)
    if used + more > limit:
        raise ServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{name}' is {limit} Instances, with current utilization of {used} "
            f"Instances and a request delta of {more} Instances. Please use AWS Service Quotas to request an increase "
            "for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for "
            "this quota.",
        )


def training_use(parameters: Record) -> str:
    """What a training is counted as."""
    return "spot training job usage" if parameters.get("EnableManagedSpotTraining") else "training job usage"


def _in_use(workshop: Workshop) -> Iterator[tuple[str, int]]:
    for job in workshop.store.every("training-job"):
        if job["TrainingJobStatus"] in _RUNNING:
            resources = job["ResourceConfig"]
            yield use_of(resources.get("InstanceType", ""), training_use(job)), resources.get("InstanceCount", 1)
    for job in workshop.store.every("processing-job"):
        if job["ProcessingJobStatus"] in _RUNNING:
            cluster = job["ProcessingResources"]["ClusterConfig"]
            yield use_of(cluster["InstanceType"], "processing job usage"), cluster["InstanceCount"]
    for job in workshop.store.every("transform-job"):
        if job["TransformJobStatus"] in _RUNNING:
            resources = job["TransformResources"]
            yield use_of(resources["InstanceType"], "transform job usage"), resources["InstanceCount"]
    for endpoint in workshop.store.every("endpoint"):
        if endpoint["EndpointStatus"] != "Failed":
            # While an endpoint is updated, both fleets are there.
            for variant in (*endpoint["_Variants"], *endpoint.get("_NextVariants", [])):
                yield use_of(variant.get("instance_type", ""), "endpoint usage"), variant["instance_count"]
