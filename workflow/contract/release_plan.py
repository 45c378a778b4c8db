"""The plan of a release: what ``Plan the release`` decides once, and every later state of Release reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.challenge import Challenge
from workflow.contract.document import Address, Digest, Document, Folder, PackageArn, PackageVersion, Seconds, Text
from workflow.contract.release_approval import ReleaseApproval


@dataclass(frozen=True)
class PreviousVersion:
    """What production served before: the digest of its model, empty where no release has recorded it.

    ``evaluation_uri`` is the evaluation whose pictures are sent. It is that version's own, whose answers are known; or,
    with ``only_the_digest``, another's, so that no more can be seen than which model answers. ``smoke_digest`` is what
    was decided on of those pictures (StoredSmoke), empty in a plan from before.
    """

    model_digest: str
    evaluation_uri: Folder
    only_the_digest: bool
    smoke_digest: str = ""


@dataclass(frozen=True)
class PlannedKinds:
    """How each stage serves. ``keeps_instances`` says that production has instances, and keeps as many as there are."""

    staging: Text
    production: Text
    keeps_instances: bool


@dataclass(frozen=True)
class Asynchronous:
    """The AsyncInferenceConfig of each stage that answers asynchronously."""

    staging: Mapping[str, Any] | None = None
    production: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReleasePlan(Document):
    """The whole plan. ``replaces`` is the package in production when it was made, empty for none.

    ``model_name``, ``staging_configuration`` and ``production_configuration`` are what the names of these begin with:
    every attempt to create one adds its own number. ``previous_configuration`` is the whole name of the configuration
    in production, empty where production did not exist. ``metrics`` are the task and the figures of the evaluation that
    was decided on, to be shown to people. ``goes_back`` says that a person brings back an earlier version. ``approval``
    is who approved the version, ``archive_etag`` S3's mark of the very object at ``model_data_url`` whose bytes were
    hashed, and ``previous`` what a roll-back has to bring back. ``smoke_digest`` and ``report_digest`` are those of the
    decision; ``skipped_question`` says that this release leaves out the question before production, which the stack
    demands. ``variant`` is the part of SageMaker's ProductionVariant that says what staging serves on, of instances
    one, ``production_variant`` the same for production (in a plan without one they are the same), ``serving`` how each
    stage serves (every key of ``Serving``), in which ``kinds`` each stage does, ``serverless_environment`` the
    variables of a container without instances, and ``asynchronous`` what SageMaker is told of the stages that answer
    so. Where production is an inference component of a shared endpoint, ``component`` names it, ``production_endpoint``
    is the shared one, and what is said of production's configuration and of whether it exists is of the component and
    of the model that it serves. ``challenged`` is whether the version is tried beside the champion first; ``challenge``
    is there in the plan of a challenge alone, ``withdrawal`` in the plan that takes a stopped one's challenger away,
    where it says why, and ``batch``, what the name of its batch begins with, where production has no endpoint. What
    else has a default was not there from the beginning, and is in every plan made today.
    """

    run: Text
    execution_arn: Text
    started_by: str
    model_package_arn: PackageArn
    replaces: str
    package_version: PackageVersion
    dataset_name: Text
    model_name: Text
    staging_configuration: Text
    production_configuration: Text
    staging_endpoint: Text
    production_endpoint: Text
    staging_exists: bool
    production_exists: bool
    previous_configuration: str
    model_digest: Digest
    archive_digest: Digest
    evaluation_uri: Folder
    report_uri: Address
    image: Text
    model_data_url: Address
    environment: Mapping[str, str]
    instance: Text
    ask_before_production: bool
    approval_seconds: Seconds
    metrics: Mapping[str, Any]
    goes_back: bool = False
    evaluation_digest: str = ""
    approval: ReleaseApproval | None = None
    archive_etag: str = ""
    previous: PreviousVersion | None = None
    smoke_digest: str = ""
    report_digest: str = ""
    skipped_question: bool = False
    variant: Mapping[str, Any] | None = None
    serving: Mapping[str, Any] | None = None
    production_variant: Mapping[str, Any] | None = None
    serverless_environment: Mapping[str, str] | None = None
    kinds: PlannedKinds | None = None
    asynchronous: Asynchronous | None = None
    component: str = ""
    batch: str = ""
    tags: tuple[Mapping[str, str], ...] = ()
    challenged: bool | None = None
    challenge: Challenge | None = None
    withdrawal: str = ""
