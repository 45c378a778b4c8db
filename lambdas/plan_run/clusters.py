"""The instances of jobs as SageMaker takes them, with the key of their volumes where one may be named. Pure."""

from __future__ import annotations

from typing import Any

from lambdas.plan_run.limits import choose_volume
from workflow.contract.build_plan import Clusters
from workflow.contract.instance_type import has_disks
from workflow.contract.run_input import RunInput


def plan_clusters(given: RunInput, data_bytes: int, key: str) -> Clusters:
    """The instances of the processing jobs and of a search's trainings.

    Raises InputError where the data is too large for a volume.
    """
    processing, training = given.processing_instance, given.training_instance
    processing_gb = choose_volume(given.volume_gb, data_bytes, processing)
    return Clusters(
        preparation=cluster(processing, key, processing_gb, given.prepare_instances),
        evaluation=cluster(processing, key, processing_gb),
        search=cluster(training, key, choose_volume(given.volume_gb, data_bytes, training)),
    )


def cluster(instance: str, key: str, volume_gb: int, count: int = 1) -> dict[str, Any]:
    """A training's ResourceConfig and a processing job's ClusterConfig; ``key`` is a KMS key's ARN or empty.

    Disks of an instance's own are encrypted by the hardware, and SageMaker refuses a key for them.
    """
    return {
        "InstanceType": instance,
        "InstanceCount": count,
        "VolumeSizeInGB": volume_gb,
        **({"VolumeKmsKeyId": key} if key and not has_disks(instance) else {}),
    }
