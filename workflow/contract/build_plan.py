"""The plan of a run: what ``Plan the run`` decides once, so that no later state of Build decides it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Digest, Document, Folder, PackageArn, PackageVersion, Seconds, Text
from workflow.contract.policy import Loosened
from workflow.contract.weights import Pretrained


@dataclass(frozen=True)
class PlannedDataset:
    """The labelled images: where they are, what people call them, the digest of their listing, how many files.

    ``version`` is the digest that their content must have once it is prepared, empty where the run takes what is there.
    """

    uri: Folder
    name: Text
    digest: Digest
    objects: int
    version: str = ""


@dataclass(frozen=True)
class JobNames:
    """The name of every job of a run but its trainings, short enough for what a retry or a redrive adds."""

    inspect: Text
    prepare: Text
    evaluate: Text
    release: Text
    tune: Text


@dataclass(frozen=True)
class Places:
    """The folder in which each step of a run keeps what it writes."""

    training: Folder
    test: Folder
    dataset_report: Folder
    record: Folder
    inspected: Folder
    pretrained: Folder
    champion: Folder
    models: Folder
    checkpoints: Folder
    evaluation: Folder


@dataclass(frozen=True)
class Sharing:
    """How the preparation's instances share the images; ``distribution`` is SageMaker's S3DataDistributionType."""

    shared: bool
    instances: int
    distribution: Text


@dataclass(frozen=True)
class Attempt:
    """One try of a training, and the next one where capacity is short there. ``seconds`` is what the state waits.

    ``stopping`` is SageMaker's whole StoppingCondition, because MaxWaitTimeInSeconds may only be there with spot, and
    ``resources`` its whole ResourceConfig, because a volume's key may only be there for some instances.
    """

    job: Text
    instance: Text
    spot: bool
    stopping: Mapping[str, int]
    seconds: Seconds
    fallback: Attempt | None = None
    resources: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Search:
    """How a search for hyperparameters runs; ``ranges`` is SageMaker's ParameterRanges."""

    jobs: int
    parallel: int
    strategy: Text
    stopping: Mapping[str, int]
    static: Mapping[str, str]
    ranges: Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """What the processing jobs and the search of a run are held to: their own seconds and their states'."""

    processing_seconds: Seconds
    processing_wait_seconds: Seconds
    tuning_seconds: Seconds
    tuning_wait_seconds: Seconds


@dataclass(frozen=True)
class Instances:
    """The instance types of a run, by what they do."""

    training: Text
    processing: Text
    endpoint: Text


@dataclass(frozen=True)
class Clusters:
    """SageMaker's whole ClusterConfig of each processing job, and the ResourceConfig of a search's trainings."""

    preparation: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    search: Mapping[str, Any]


@dataclass(frozen=True)
class PlannedChampion:
    """The package in production that the candidate is judged against.

    ``evaluation`` is the folder in which it was judged itself, empty where nobody said.
    """

    model_package_arn: PackageArn
    package_version: PackageVersion
    evaluation: str = ""


@dataclass(frozen=True)
class BuildPlan(Document):
    """The whole plan. ``client_token`` makes the registration idempotent within an execution.

    ``champion`` is None where nothing is compared with; ``judged_against`` is the package that the release shall still
    find in production, empty for none, and None where any will do. ``thresholds`` are the gate's keys of the input;
    ``loosened`` is what the run asks less of than its stack demands, whatever key it is; ``pretrained`` is what the
    weights are that the training starts from, None where there are none. ``inference_ami`` is the input's, for the
    release; ``serving`` is how the version is to be served (``Serving.text``). They, ``limits``, ``tags`` and
    ``clusters`` were not there from the beginning, and are in every plan now. ``behind`` is the run whose end this one
    waits for, empty for none: then it is planned once more.
    """

    run: Text
    execution_arn: Text
    started_by: str
    anything_to_do: bool
    reason: str
    fingerprint: Digest
    client_token: Text
    dataset: PlannedDataset
    jobs: JobNames
    uris: Places
    trials_key: Text
    preparation: Sharing
    hyperparameters: Mapping[str, str]
    training: Attempt
    tune: bool
    tuning: Search
    instances: Instances
    thresholds: Mapping[str, Any]
    confidence: float
    ask_before_production: bool
    approval_seconds: Seconds
    compare: bool
    champion: PlannedChampion | None
    judged_against: str | None
    loosened: tuple[Loosened, ...] = ()
    pretrained: Pretrained | None = None
    inference_ami: str | None = None
    limits: Limits | None = None
    tags: tuple[Mapping[str, str], ...] = ()
    clusters: Clusters | None = None
    behind: str = ""
    serving: str | None = None
