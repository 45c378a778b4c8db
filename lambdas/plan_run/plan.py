"""The plan of a run: one document that every later state reads instead of deciding again.

Pure: what is stored and what is in production comes in as values. A retry with the same values gives the same plan.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.plan_run.fingerprint import Recipe, StoredFile, dataset_digest, fingerprint
from lambdas.plan_run.training import attempts, hyperparameters, on_spot, search
from workflow.contract.build_plan import PlannedChampion
from workflow.contract.champion import ChampionRecord
from workflow.contract.document import render
from workflow.contract.names import TUNING_NAME_LENGTH, job_name, split_s3_uri
from workflow.contract.reading import VERSION
from workflow.contract.run_input import InputError, RunInput

RUN_NAME = r"[A-Za-z0-9_.=+@-]+"
"""What a run may be called: its name becomes part of addresses that the model registry keeps."""


@dataclass(frozen=True)
class Execution:
    """The Step Functions execution a plan is for."""

    arn: str
    name: str


@dataclass(frozen=True)
class Deployment:
    """What the stack says: the bucket of the runs, the images, the prefix of every name."""

    project: str
    bucket: str
    training_image: str
    serving_image: str


@dataclass(frozen=True)
class Registered:
    """The newest version in the package group. ``fingerprint`` is empty where somebody else registered it."""

    version: int
    fingerprint: str


@dataclass(frozen=True)
class Stored:
    """What was found before planning. ``weights_sha256`` is empty where no weights were given."""

    files: tuple[StoredFile, ...]
    weights_sha256: str
    newest: Registered | None
    champion: ChampionRecord | None


def dataset_prefix(uri: str) -> str:
    """The dataset's address with one slash at its end, so that ``…/set`` never takes ``…/set2`` along."""
    return uri.rstrip("/") + "/"


def dataset_name(uri: str) -> str:
    """The last folder of a dataset's address, or its bucket: what people call it."""
    bucket, prefix = split_s3_uri(uri)
    return prefix.rstrip("/").rpartition("/")[2] or bucket


def anything_to_do(force: bool, mark: str, newest: Registered | None) -> tuple[bool, str]:
    """Whether a run with this fingerprint builds anything, and why, in words."""
    if force:
        return True, "forced"
    if newest is None:
        return True, "first model"
    if newest.fingerprint == mark:
        return False, f"nothing changed since version {newest.version}"
    return True, f"the data or the settings changed since version {newest.version}"


def uris(bucket: str, run: str) -> dict[str, str]:
    """Where every step of a run keeps what it writes."""
    base = f"s3://{bucket}/runs/{run}/"
    folders = {
        "training": "prepared/training/",
        "test": "prepared/test/",
        "dataset_report": "dataset/",
        "record": "record/",
        "inspected": "inspected/",
        "pretrained": "pretrained/",
        "champion": "champion/",
        "models": "models/",
        "checkpoints": "checkpoints/",
        "evaluation": "evaluation/",
    }
    return {name: base + folder for name, folder in folders.items()}


def jobs(project: str, run: str) -> dict[str, str]:
    """The name of every job of a run but its trainings, short enough for what a retry or a redrive adds."""
    subject = f"{project}-{run}"
    names = {step: job_name(subject, step) for step in ("inspect", "prepare", "evaluate", "release")}
    return {**names, "tune": job_name(subject, "tune", length=TUNING_NAME_LENGTH)}


def draw_up(given: RunInput, execution: Execution, deployment: Deployment, stored: Stored) -> dict[str, Any]:
    """The whole plan. Raises InputError on an empty dataset or settings that contradict each other."""
    uri = dataset_prefix(given.dataset)
    if not re.fullmatch(RUN_NAME, execution.name):
        raise InputError(f"the execution's name {execution.name!r}: must be of letters, digits and _.=+@-")
    if not stored.files:
        raise InputError(f"dataset = {uri!r}: holds no files; upload labelled images there first")
    check_weights(given, stored.weights_sha256)
    trained_with = hyperparameters(given)
    tuning = search(given, trained_with)
    digest = dataset_digest(stored.files)
    mark = fingerprint(
        Recipe(
            dataset_digest=digest,
            preparation=preparation(given),
            weights_sha256=stored.weights_sha256,
            hyperparameters=trained_with,
            tuning=tuning if given.tune else None,
            confidence=given.confidence,
            training_image=deployment.training_image,
            serving_image=deployment.serving_image,
        )
    )
    build, reason = anything_to_do(given.force, mark, stored.newest)
    places = uris(deployment.bucket, execution.name)
    return {
        "version": VERSION,
        "run": execution.name,
        "execution_arn": execution.arn,
        "started_by": given.started_by,
        "anything_to_do": build,
        "reason": reason,
        "fingerprint": mark,
        "client_token": hashlib.sha256(execution.arn.encode()).hexdigest()[:32],
        "dataset": {"uri": uri, "name": dataset_name(uri), "digest": digest, "objects": len(stored.files)},
        "jobs": jobs(deployment.project, execution.name),
        "uris": places,
        "trials_key": split_s3_uri(places["record"])[1] + "trials.json",
        "preparation": {
            "shared": given.prepare_instances > 1,
            "instances": given.prepare_instances,
            "distribution": "ShardedByS3Key" if given.prepare_instances > 1 else "FullyReplicated",
        },
        "hyperparameters": trained_with,
        "training": attempts(given, f"{deployment.project}-{execution.name}"),
        "tune": given.tune,
        "tuning": tuning,
        "instances": instances(given),
        "thresholds": thresholds(given),
        "confidence": given.confidence,
        "ask_before_production": given.ask_before_production,
        "approval_seconds": max(1, round(given.approval_hours * 3600)),
        "compare": given.compare,
        "champion": None if stored.champion is None or not given.compare else render(planned(stored.champion)),
        "judged_against": judged_against(given, stored.champion),
    }


def planned(champion: ChampionRecord) -> PlannedChampion:
    """The champion as the plan names it."""
    return PlannedChampion(champion.model_package_arn, champion.package_version)


def judged_against(given: RunInput, champion: ChampionRecord | None) -> str | None:
    """The package that the release shall still find in production: empty for none, None where any will do."""
    if not given.compare:
        return None
    return "" if champion is None else champion.model_package_arn


def check_weights(given: RunInput, sha256: str) -> None:
    """Raise InputError where the weights are not the ones that the input names by their digest."""
    if given.weights_sha256 and not given.weights:
        raise InputError("weights_sha256 is given without weights: name the file it is the digest of")
    if given.weights_sha256 and given.weights_sha256 != sha256:
        raise InputError(
            f"weights = {given.weights!r}: its SHA-256 is {sha256}, not the weights_sha256 {given.weights_sha256}"
        )


def preparation(given: RunInput) -> dict[str, Any]:
    """How the labelled images are read: what decides the prepared dataset beside the files themselves."""
    return {
        "task": given.task,
        "format": given.format,
        "policy": dict(given.policy),
        "group_pattern": given.group_pattern,
        "seed": given.seed,
        "image_size": given.image_size,
    }


def instances(given: RunInput) -> dict[str, str]:
    """The instance types of a run, by what they do."""
    return {
        "training": given.training_instance,
        "processing": given.processing_instance,
        "endpoint": given.endpoint_instance,
    }


def record(given: RunInput, plan: Mapping[str, Any]) -> dict[str, Any]:
    """``run.json``: what was asked for, for the programs of the jobs and for who reads the run later."""
    return {
        "version": VERSION,
        "run": plan["run"],
        "started_by": given.started_by,
        "reason": plan["reason"],
        "preparation": {**preparation(given), "instances": given.prepare_instances},
        "training": {
            "hyperparameters": plan["hyperparameters"],
            "instance": given.training_instance,
            "fallback_instances": list(given.fallback_instances),
            "spot": on_spot(given, given.training_instance) and not given.tune,
            "tune": given.tune,
        },
        "instances": plan["instances"],
        "thresholds": plan["thresholds"],
    }


THRESHOLDS = (
    *("minimum_map50", "minimum_map50_95", "minimum_keypoint_map50_95", "minimum_mask_map50_95", "minimum_top1"),
    *("minimum_class_map50", "class_floors", "minimum_images", "minimum_class_objects"),
    *("maximum_regression", "maximum_class_regression", "maximum_latency_ms", "maximum_model_mb"),
)
"""Keys of the input that the gate asks about."""


def thresholds(given: RunInput) -> Mapping[str, Any]:
    """What the gate asks of the candidate."""
    return {name: getattr(given, name) for name in THRESHOLDS}
