"""The plan of a batch: an approved version, the pictures it answers, and where the answers go. Pure.

What a batch starts is held to the same decision and the same digests as what a release puts behind an endpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from lambdas.plan_release.judged import Judged
from lambdas.plan_release.package import Package, RefusalError
from lambdas.plan_release.pictures import CONCURRENT, PAYLOAD_MB, Pictures
from workflow.contract.batch import (
    ANSWERED,
    BATCHES,
    JOIN_INSTANCE,
    REFUSALS,
    BatchInput,
    BatchJobs,
    BatchLimits,
    BatchPlaces,
    BatchPlan,
)
from workflow.contract.champion import NOT_RECORDED, ChampionRecord
from workflow.contract.decision import Decision
from workflow.contract.execution import Execution
from workflow.contract.instance_type import has_disks
from workflow.contract.names import job_name
from workflow.contract.tags import tag_list

HOUR = 3600
JOIN_SECONDS = 6 * HOUR
QUEUE_SECONDS = 24 * HOUR
"""What a state waits on top of its job, for an instance: so long that the job is over first."""
TRANSFORM_SECONDS = 5 * 24 * HOUR
"""A transform job knows no limit of its own; the state's end stops it."""
JOIN_VOLUME_GB = 50


def choose_version(given: BatchInput, champion: ChampionRecord | None, *, believed: bool) -> str:
    """The package whose version answers. Raises RefusalError where none is named, and nobody can tell what serves."""
    if given.model_package_arn:
        return given.model_package_arn
    if not believed:
        raise RefusalError(NOT_RECORDED)
    if champion is None:
        raise RefusalError("production serves nothing yet: name a version that somebody approved (model_package_arn)")
    return champion.model_package_arn


def plan_batch(
    project: str,
    bucket: str,
    execution: Execution,
    given: BatchInput,
    *,
    package: Package,
    decision: Decision,
    judged: Judged,
    pictures: Pictures,
    usual_instance: str,
    key: str,
    own_tags: Mapping[str, str],
) -> BatchPlan:
    """The whole plan; ``key`` is the ARN of the stack's KMS key, empty for none."""
    base = f"{BATCHES}{execution.name}/"
    instance = given.instance or package.instance or usual_instance
    mark = f"v{package.version}-{hashlib.sha256(execution.id.encode()).hexdigest()[:8]}"
    subject = f"{project}-{execution.name}"
    return BatchPlan(
        run=execution.name,
        execution_arn=execution.id,
        started_by=given.started_by,
        model_package_arn=package.arn,
        package_version=package.version,
        dataset_name=decision.dataset,
        approved_by=decision.names,
        model_name=f"{project}-batch-{mark}",
        model_digest=package.model_digest,
        archive_digest=package.archive_digest,
        image=package.image,
        model_data_url=package.model_data_url,
        environment={**judged.environment, REFUSALS: ANSWERED},
        pictures=pictures.uri,
        count=pictures.count,
        jobs=BatchJobs(transform=job_name(subject, "answer"), join=job_name(subject, "join")),
        uris=BatchPlaces(
            answers=f"s3://{bucket}/{base}answers/",
            sheet=f"s3://{bucket}/{base}sheet.manifest",
            joined=f"s3://{bucket}/{base}batch/",
        ),
        resources={
            "InstanceType": instance,
            "InstanceCount": given.instances,
            **_volume_key(instance, key),
        },
        cluster={
            "InstanceType": JOIN_INSTANCE,
            "InstanceCount": 1,
            "VolumeSizeInGB": JOIN_VOLUME_GB,
            **_volume_key(JOIN_INSTANCE, key),
        },
        concurrent=CONCURRENT,
        payload_mb=PAYLOAD_MB,
        limits=BatchLimits(
            processing_seconds=JOIN_SECONDS,
            processing_wait_seconds=JOIN_SECONDS + QUEUE_SECONDS,
            transform_wait_seconds=TRANSFORM_SECONDS,
        ),
        tags=tag_list(project, execution.name, own_tags),
    )


def _volume_key(instance: str, key: str) -> dict[str, str]:
    """Disks of an instance's own are encrypted by the hardware, and SageMaker refuses a key for them."""
    return {"VolumeKmsKeyId": key} if key and not has_disks(instance) else {}
