"""One whole plan of each machine, as its first state draws it up; a test changes what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workflow.contract.build_plan import (
    Attempt,
    BuildPlan,
    Instances,
    JobNames,
    Places,
    PlannedChampion,
    PlannedDataset,
    Search,
    Sharing,
)
from workflow.contract.release_plan import ReleasePlan

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight"
RUN = "2026-11-21T10-14-03"
FOLDER = "s3://greenlight-test/runs/one/"

_BUILD = BuildPlan(
    run=RUN,
    execution_arn=f"arn:aws:states:us-east-1:123456789012:execution:greenlight-build:{RUN}",
    started_by="ana",
    anything_to_do=True,
    reason="the data or the settings changed since version 3",
    fingerprint="f" * 64,
    client_token="0" * 32,
    dataset=PlannedDataset("s3://greenlight-test/datasets/fasteners/", "fasteners", "d" * 64, 96),
    jobs=JobNames("one-inspect", "one-prepare", "one-evaluate", "one-release", "one-tune"),
    uris=Places(
        training=FOLDER + "prepared/training/",
        test=FOLDER + "prepared/test/",
        dataset_report=FOLDER + "dataset/",
        record=FOLDER + "record/",
        inspected=FOLDER + "inspected/",
        pretrained=FOLDER + "pretrained/",
        champion=FOLDER + "champion/",
        models=FOLDER + "models/",
        checkpoints=FOLDER + "checkpoints/",
        evaluation=FOLDER + "evaluation/",
    ),
    trials_key="runs/one/record/trials.json",
    preparation=Sharing(shared=False, instances=1, distribution="FullyReplicated"),
    hyperparameters={"model": "yolov8n", "epochs": "50"},
    training=Attempt("one-train", "ml.g5.xlarge", False, {"MaxRuntimeInSeconds": 3600}, 4000),
    tune=False,
    tuning=Search(6, 2, "Bayesian", {"MaxRuntimeInSeconds": 3600}, {}, {}),
    instances=Instances("ml.g5.xlarge", "ml.m7i.xlarge", "ml.c7i.xlarge"),
    thresholds={},
    confidence=0.25,
    ask_before_production=False,
    approval_seconds=7200,
    compare=True,
    champion=None,
    judged_against=None,
)

_RELEASE = ReleasePlan(
    run="go",
    execution_arn="arn:aws:states:us-east-1:123456789012:execution:greenlight-release:go",
    started_by="ana",
    model_package_arn=f"{GROUP}/4",
    replaces=f"{GROUP}/3",
    package_version=4,
    dataset_name="fasteners",
    model_name="greenlight-v4-00000000",
    staging_configuration="greenlight-staging-v4-00000000",
    production_configuration="greenlight-production-v4-00000000",
    staging_endpoint="greenlight-staging",
    production_endpoint="greenlight-production",
    staging_exists=False,
    production_exists=True,
    previous_configuration="greenlight-production-v3-00000000",
    model_digest="a" * 64,
    archive_digest="b" * 64,
    evaluation_uri=FOLDER + "evaluation/",
    report_uri=FOLDER + "evaluation/report/index.html",
    image="example/greenlight-serving:1",
    model_data_url=FOLDER + "models/job/output/model.tar.gz",
    environment={"GREENLIGHT_CONFIDENCE": "0.25"},
    instance="ml.c7i.xlarge",
    count=1,
    traffic={"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300},
    ask_before_production=True,
    approval_seconds=60,
    metrics={"task": "detect", "map50": 0.964, "map50_95": 0.81, "precision": 0.9, "recall": 0.95},
)


def build_plan(**changes: Any) -> BuildPlan:
    """The plan of a first model's run on ``greenlight-test``, but for these fields."""
    return replace(_BUILD, **changes)


def release_plan(**changes: Any) -> ReleasePlan:
    """The plan of a release of version 4 where production serves version 3, but for these fields."""
    return replace(_RELEASE, **changes)


def champion(version: int = 3) -> PlannedChampion:
    """A version of the group, as a plan names what a candidate is judged against."""
    return PlannedChampion(f"{GROUP}/{version}", version)
