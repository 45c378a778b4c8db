"""The plan of a run: one document that every later state reads instead of deciding again.

Pure: what is stored and what is in production comes in as values. A retry with the same values gives the same plan.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.plan_run.clusters import plan_clusters
from lambdas.plan_run.fingerprint import Recipe, StoredFile, digest_dataset, fingerprint
from lambdas.plan_run.limits import plan_limits
from lambdas.plan_run.training import plan_attempts, plan_search, select_hyperparameters
from workflow.contract.build_plan import (
    BuildPlan,
    Instances,
    Places,
    PlannedChampion,
    PlannedDataset,
    Sharing,
)
from workflow.contract.champion import ChampionRecord
from workflow.contract.dataset_index import DatasetVersion
from workflow.contract.document import render
from workflow.contract.execution import Execution
from workflow.contract.gpu_endpoints import check_gpu
from workflow.contract.instances import takes_spot
from workflow.contract.job_names import name_jobs
from workflow.contract.names import split_s3_uri
from workflow.contract.policy import Loosened
from workflow.contract.reading import VERSION
from workflow.contract.rule import InputError, rules_of
from workflow.contract.run_input import RunInput
from workflow.contract.serving import Serving
from workflow.contract.standing import Premises, Standing, check_serving
from workflow.contract.tags import tag_list
from workflow.contract.thresholds import Thresholds
from workflow.contract.weights import Pretrained, WeightsError, require_fit

RUN_NAME = r"[A-Za-z0-9_.=+@-]+"
"""What a run may be called: its name becomes part of addresses that the model registry keeps."""

AT_HOME = Premises()


@dataclass(frozen=True)
class Deployment:
    """What the stack says: the bucket of the runs, the images, the prefix of every name.

    ``key`` is the KMS key of the jobs' volumes, empty for none; ``tags`` are the stack's own. ``builds_engines`` is
    whether the images build and run engines for GPUs, ``own_serving`` whether what serves is an image of one's own,
    which uses a GPU in its own way.
    """

    project: str
    bucket: str
    training_image: str
    serving_image: str
    key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    premises: Premises = AT_HOME
    builds_engines: bool = False
    own_serving: bool = False


@dataclass(frozen=True)
class Registered:
    """The newest version in the package group. ``fingerprint`` is empty where somebody else registered it."""

    version: int
    fingerprint: str
    arn: str = ""


@dataclass(frozen=True)
class Stored:
    """What was found before planning. ``weights_sha256`` is empty where no weights were given.

    ``champion_evaluation`` is the folder in which the champion was judged, empty where nobody said; ``pretrained`` what
    the weights are; ``staging`` and ``production`` are the endpoints that stand, None for none in this account.
    ``earlier`` is the version of the data that the run shall have once more, None for what is there.
    """

    files: tuple[StoredFile, ...]
    weights_sha256: str
    newest: Registered | None
    champion: ChampionRecord | None
    champion_evaluation: str = ""
    pretrained: Pretrained | None = None
    staging: Standing | None = None
    production: Standing | None = None
    earlier: DatasetVersion | None = None


def draw_up(
    given: RunInput,
    execution: Execution,
    deployment: Deployment,
    stored: Stored,
    loosened: tuple[Loosened, ...] = (),
) -> BuildPlan:
    """The whole plan. Raises InputError on an empty dataset or settings that contradict each other."""
    dataset = name_files(given, execution, deployment, stored)
    uri = dataset.uri
    if not re.fullmatch(RUN_NAME, execution.name):
        raise InputError(f"the execution's name {execution.name!r}: must be of letters, digits and _.=+@-")
    if not stored.files:
        raise InputError(f"dataset = {uri!r}: holds no files; upload labelled images there first")
    places = choose_places(deployment.bucket, execution.name)
    check_apart(uri, places)
    check_weights(given, stored)
    if not deployment.own_serving:
        check_gpu(given, builds_engines=deployment.builds_engines)
    serving = Serving.of(given)
    check_serving(serving, deployment.premises, stored.staging, stored.production)
    trained_with = select_hyperparameters(given)
    tuning = plan_search(given, trained_with)
    data_bytes = sum(file.size for file in stored.files)
    mark = fingerprint(
        Recipe(
            dataset_digest=dataset.digest,
            preparation=given.preparation(),
            weights_sha256=stored.weights_sha256,
            hyperparameters=trained_with,
            tuning=tuning if given.tune else None,
            confidence=given.confidence,
            training_image=deployment.training_image,
            serving_image=deployment.serving_image,
        )
    )
    build, reason = decide_to_build(given.force, mark, stored.newest)
    champion = stored.champion if given.compare else None
    return BuildPlan(
        run=execution.name,
        execution_arn=execution.id,
        started_by=given.started_by,
        anything_to_do=build,
        reason=reason,
        fingerprint=mark,
        client_token=hashlib.sha256(execution.id.encode()).hexdigest()[:32],
        dataset=dataset,
        jobs=name_jobs(deployment.project, execution.name),
        uris=places,
        trials_key=split_s3_uri(places.record)[1] + "trials.json",
        preparation=share_preparation(given.prepare_instances),
        hyperparameters=trained_with,
        training=plan_attempts(given, deployment.project, execution.name, data_bytes, deployment.key),
        tune=given.tune,
        tuning=tuning,
        instances=Instances(
            training=given.training_instance, processing=given.processing_instance, endpoint=given.endpoint_instance
        ),
        thresholds={name: getattr(given, name) for name in rules_of(Thresholds)},
        confidence=given.confidence,
        ask_before_production=given.ask_before_production,
        approval_seconds=max(1, round(given.approval_hours * 3600)),
        compare=given.compare,
        champion=None
        if champion is None
        else PlannedChampion(champion.model_package_arn, champion.package_version, stored.champion_evaluation),
        judged_against=expect_in_production(given.compare, champion),
        loosened=loosened,
        pretrained=stored.pretrained,
        inference_ami=given.inference_ami,
        limits=plan_limits(given, tuning.parallel),
        tags=tag_list(deployment.project, execution.name, deployment.tags),
        clusters=plan_clusters(given, data_bytes, deployment.key),
        serving=serving.text(),
    )


def name_files(given: RunInput, execution: Execution, deployment: Deployment, stored: Stored) -> PlannedDataset:
    """The files that the run reads: the dataset's, or an earlier version's, brought back to a place of its own."""
    uri = end_with_slash(given.dataset)
    name, version = name_dataset(uri), ""
    if stored.earlier is not None:
        uri = f"{copies_of(deployment.bucket, execution.name)}dataset/"
        name, version = stored.earlier.name, stored.earlier.digest
    return PlannedDataset(uri, name, digest_dataset(stored.files), len(stored.files), version)


def expect_in_production(compare: bool, champion: ChampionRecord | None) -> str | None:
    """The package that the release shall still find in production: empty for none, None where any will do."""
    if not compare:
        return None
    return "" if champion is None else champion.model_package_arn


def check_apart(uri: str, places: Places) -> None:
    """Raise InputError where a run writes into its own dataset: no two would have the same data, or ever an end.

    A stack that starts upon new data would start the next run upon what this one wrote.
    """
    written = next((place for place in render(places).values() if place.startswith(uri)), "")
    if written:
        raise InputError(
            f"dataset = {uri!r}: runs write there, too ({written}): give the labelled images a folder of their own"
        )


def check_weights(given: RunInput, stored: Stored) -> None:
    """Raise InputError where the weights are not those that the input names by their digest, its task and its model."""
    sha256 = stored.weights_sha256
    if given.weights_sha256 and not given.weights:
        raise InputError("weights_sha256 is given without weights: name the file it is the digest of")
    if given.weights_sha256 and given.weights_sha256 != sha256:
        raise InputError(
            f"weights = {given.weights!r}: its SHA-256 is {sha256}, not the weights_sha256 {given.weights_sha256}"
        )
    if stored.pretrained is not None:
        try:
            require_fit(stored.pretrained, task=given.task, model=given.model)
        except WeightsError as error:
            raise InputError(f"weights = {given.weights!r}: {error}") from error


def decide_to_build(force: bool, mark: str, newest: Registered | None) -> tuple[bool, str]:
    """Whether a run with this fingerprint builds anything, and why, in words that whoever approves reads."""
    if newest is None:
        return True, "first model"
    if newest.fingerprint != mark:
        return True, f"the data or the settings changed since version {newest.version}"
    same = f"nothing changed since version {newest.version}"
    return (True, f"trained again on request, though {same}") if force else (False, same)


def end_with_slash(uri: str) -> str:
    """The dataset's address with one slash at its end, so that ``…/set`` never takes ``…/set2`` along."""
    return uri.rstrip("/") + "/"


def name_dataset(uri: str) -> str:
    """The last folder of a dataset's address, or its bucket: what people call it."""
    bucket, prefix = split_s3_uri(uri)
    return prefix.rstrip("/").rpartition("/")[2] or bucket


def choose_places(bucket: str, run: str) -> Places:
    """Where every step of a run keeps what it writes; copies of what lies elsewhere, and checkpoints, apart.

    Those expire: nothing reads them once the run has ended, its redrives included.
    """
    base, copies = f"s3://{bucket}/runs/{run}/", copies_of(bucket, run)
    return Places(
        training=copies + "prepared/training/",
        test=copies + "prepared/test/",
        dataset_report=base + "dataset/",
        record=base + "record/",
        inspected=base + "inspected/",
        pretrained=copies + "pretrained/",
        champion=copies + "champion/",
        models=base + "models/",
        checkpoints=copies + "checkpoints/",
        evaluation=base + "evaluation/",
    )


def copies_of(bucket: str, run: str) -> str:
    """Where a run's copies of what lies elsewhere are, which expire."""
    return f"s3://{bucket}/copies/{run}/"


def share_preparation(instances: int) -> Sharing:
    """How so many instances share the images: one of them sees them all."""
    shared = instances > 1
    return Sharing(shared=shared, instances=instances, distribution="ShardedByS3Key" if shared else "FullyReplicated")


def describe_run(given: RunInput, plan: BuildPlan) -> dict[str, Any]:
    """``run.json``: what was asked for, for the programs of the jobs and for who reads the run later."""
    return {
        "version": VERSION,
        "run": plan.run,
        "started_by": given.started_by,
        "reason": plan.reason,
        "dataset": plan.dataset.name,
        "preparation": {**given.preparation(), "instances": given.prepare_instances},
        "training": {
            "hyperparameters": plan.hyperparameters,
            "instance": given.training_instance,
            "fallback_instances": list(given.fallback_instances),
            "spot": takes_spot(given, given.training_instance) and not given.tune,
            "tune": given.tune,
        },
        "instances": render(plan.instances),
        "thresholds": plan.thresholds,
        "loosened": [render(one) for one in plan.loosened],
    }
