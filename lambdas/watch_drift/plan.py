"""The plan of a watch: what production serves, its reference, a window of pictures, and where the job writes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.watch_drift.window import Window
from workflow.contract.champion import ChampionRecord
from workflow.contract.decision import Decision
from workflow.contract.drift import (
    DRIFT,
    FEWEST,
    REFERENCE,
    DriftInput,
    DriftJobs,
    DriftLimits,
    DriftPlaces,
    DriftPlan,
)
from workflow.contract.execution import Execution
from workflow.contract.names import job_name
from workflow.contract.package_properties import Origin
from workflow.contract.scores import Metrics
from workflow.contract.tags import tag_list

HOUR = 3600
JOB_SECONDS = 6 * HOUR
QUEUE_SECONDS = 24 * HOUR
"""What the state waits on top of its job, for an instance: so long that the job is over first."""
INSTANCE = "ml.m7i.xlarge"
VOLUME_GB = 50


class RefusalError(ValueError):
    """The watch may not start: says why."""


@dataclass(frozen=True)
class Served:
    """The version that production serves: its image, where its evaluation lies, and its reference's digest."""

    champion: ChampionRecord
    image: str
    dataset_name: str
    evaluation_uri: str
    reference_digest: str

    @staticmethod
    def read(
        champion: ChampionRecord, decision: Decision, described: Mapping[str, Any], figures: bytes, metrics: Metrics
    ) -> Served:
        """From the record, the decision, DescribeModelPackage's answer and the figures with the bytes they lie in.

        The image is the decided one, as a release's is: whoever changes the registry does not say what runs. Raises
        RefusalError where they do not fit.
        """
        origin, version = Origin.of(described), champion.package_version
        containers = described.get("InferenceSpecification", {}).get("Containers", [])
        if len(containers) != 1 or not containers[0].get("Image"):
            raise RefusalError(f"version {version} was not registered with one image")
        for what, decided, found in (
            ("archive", decision.archive_digest, champion.archive_digest),
            ("serving image", decision.image, containers[0]["Image"]),
            ("evaluation", decision.evaluation_digest, hashlib.sha256(figures).hexdigest()),
        ):
            if decided != found:
                raise RefusalError(
                    f"version {version}: the {what} is not what {decision.names} decided on ({found}, decided on "
                    f"{decided})"
                )
        measured = (metrics.candidate.model_digest, metrics.candidate.archive_digest)
        if measured != (champion.model_digest, champion.archive_digest):
            raise RefusalError(f"version {version} is recorded with another model than the one that was judged")
        if not metrics.drift_reference_digest:
            raise RefusalError(
                f"version {version} was judged before versions kept what they saw, so nothing can be held against it: "
                "build and release one anew"
            )
        return Served(
            champion, decision.image, origin.dataset_name, origin.evaluation_uri, metrics.drift_reference_digest
        )


def plan_drift(
    project: str,
    bucket: str,
    execution: Execution,
    given: DriftInput,
    *,
    served: Served,
    window: Window,
    since: datetime,
    until: datetime,
    on_drift: str,
    key: str,
    own_tags: Mapping[str, str],
) -> DriftPlan:
    """The whole plan; ``on_drift`` is the stack's, ``key`` the ARN of its KMS key, empty for none."""
    base = f"s3://{bucket}/{DRIFT}{execution.name}/"
    champion = served.champion
    return DriftPlan(
        run=execution.name,
        execution_arn=execution.id,
        started_by=given.started_by,
        on_drift=given.on_drift or on_drift,
        model_package_arn=champion.model_package_arn,
        package_version=champion.package_version,
        dataset_name=served.dataset_name,
        model_digest=champion.model_digest,
        archive_digest=champion.archive_digest,
        reference_digest=served.reference_digest,
        image=served.image,
        since=since.isoformat(timespec="seconds"),
        until=until.isoformat(timespec="seconds"),
        captured=window.captured,
        count=len(window.keys),
        enough=len(window.keys) >= FEWEST,
        jobs=DriftJobs(drift=job_name(f"{project}-{execution.name}", "drift")),
        uris=DriftPlaces(
            archive=champion.model_data_url,
            reference=f"{served.evaluation_uri}{REFERENCE}",
            window=f"{base}window.manifest",
            found=f"{base}found/",
        ),
        cluster={
            "InstanceType": INSTANCE,
            "InstanceCount": 1,
            "VolumeSizeInGB": VOLUME_GB,
            **({"VolumeKmsKeyId": key} if key else {}),
        },
        limits=DriftLimits(processing_seconds=JOB_SECONDS, processing_wait_seconds=JOB_SECONDS + QUEUE_SECONDS),
        tags=tag_list(project, execution.name, own_tags),
    )
