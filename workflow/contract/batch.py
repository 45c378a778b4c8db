"""The execution input of Batch and its plan: what version answers which pictures, where, and where the answers go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from workflow.contract.document import (
    Address,
    AtLeast,
    Digest,
    Document,
    Folder,
    Matching,
    PackageArn,
    PackageVersion,
    Seconds,
    Text,
)
from workflow.contract.names import PACKAGE_ARN
from workflow.contract.own_input import read_own
from workflow.contract.reading import ContractError
from workflow.contract.starter import StartedBy

REFUSALS = "GREENLIGHT_REFUSALS"
"""The container's variable that says what becomes of a request that is refused."""
ANSWERED = "answer"
"""Its value in a batch: one refused picture would fail the whole job, so it is answered, with the reason."""

BATCHES = "batches/"
"""Below which a stack's bucket holds what batches were given and gave, each in a folder of its run."""

JOIN_INSTANCE = "ml.m7i.large"
"""What the answers are joined on: a processing job of one instance."""

MOST_INSTANCES = 100
"""Of one transform job (CreateTransformJob, TransformResources, InstanceCount)."""


@dataclass(frozen=True)
class BatchInput:
    """What a batch is started with: the folder of ``pictures``, and what else is not as usual.

    Without a ``model_package_arn`` the version answers that production serves; without an ``instance`` it runs on the
    type that its version was registered for.
    """

    pictures: Annotated[str, Matching(r"s3://[^/]+/.+", "an S3 address s3://bucket/prefix")]
    model_package_arn: Annotated[str, Matching(f"|{PACKAGE_ARN}", "empty, or the ARN of a model package")] = ""
    instance: Annotated[str, Matching(r"|ml\.[a-z0-9-]+\.[a-z0-9]+", "empty, or an instance type")] = ""
    instances: Annotated[int, AtLeast(1)] = 1
    started_by: StartedBy = ""

    @staticmethod
    def parse(given: object) -> BatchInput:
        """Read an execution input. Raises ContractError naming the key and what is allowed.

        Keys that are Step Functions' own are left out.
        """
        found = read_own(BatchInput, given)
        if found.instances > MOST_INSTANCES:
            raise ContractError(f"input.instances: must be at most {MOST_INSTANCES}, found {found.instances}")
        return found


@dataclass(frozen=True)
class BatchJobs:
    """The name of every job of a batch, short enough for what a retry or a redrive adds."""

    transform: Text
    join: Text


@dataclass(frozen=True)
class BatchPlaces:
    """Where a batch keeps what it writes: the raw answers, the list of pictures that are shown, the joined answers."""

    answers: Folder
    sheet: Address
    joined: Folder


@dataclass(frozen=True)
class BatchLimits:
    """What the jobs are held to: the join's own seconds and its state's, and the transform's."""

    processing_seconds: Seconds
    processing_wait_seconds: Seconds
    transform_wait_seconds: Seconds


@dataclass(frozen=True)
class BatchPlan(Document):
    """The whole plan of a batch. ``count`` is how many pictures there are.

    ``environment`` is what the container starts with, ``resources`` SageMaker's whole TransformResources, ``cluster``
    the whole ClusterConfig of the join. ``concurrent`` times ``payload_mb`` is at most SageMaker's 100.
    """

    run: Text
    execution_arn: Text
    started_by: str
    model_package_arn: PackageArn
    package_version: PackageVersion
    dataset_name: Text
    approved_by: str
    model_name: Text
    model_digest: Digest
    archive_digest: Digest
    image: Text
    model_data_url: Address
    environment: Mapping[str, str]
    pictures: Folder
    count: Annotated[int, AtLeast(1)]
    jobs: BatchJobs
    uris: BatchPlaces
    resources: Mapping[str, Any]
    cluster: Mapping[str, Any]
    concurrent: Annotated[int, AtLeast(1)]
    payload_mb: Annotated[int, AtLeast(1)]
    limits: BatchLimits
    tags: tuple[Mapping[str, str], ...] = ()
