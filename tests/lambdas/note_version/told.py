"""What the machines tell of a version, whole; a test changes what it is about."""

from __future__ import annotations

from typing import Any

from lambdas.note_version.event import Registered, Serving, read_event
from tests.lambdas.plans import EVALUATION, build_plan
from tests.workflow.contract.released import PLAN
from workflow.contract.document import render
from workflow.contract.figures import CandidateFigures, ChampionFigures
from workflow.contract.gate import PassedGate
from workflow.contract.scores import Interval

PLACE = "arn:aws:sagemaker:us-east-1:123456789012"
PACKAGE = f"{PLACE}:model-package/greenlight/4"
ARCHIVE = f"s3://greenlight-test/models/{'b' * 64}/model.tar.gz"
PREPARE, TRAIN, EVALUATE = "nightly-prepare-0-0", "nightly-train-0-0", "nightly-evaluate-0-0"
FIGURES: dict[str, float | None] = {
    **{"map50": 0.92, "map50_95": 0.81, "precision": 0.9, "recall": 0.88, "f1": 0.89},
    "top1": None,
}


def gate(**changes: Any) -> dict[str, Any]:
    """What a gate that passed hands on."""
    passed = PassedGate(
        passed=True,
        summary="mAP50-95 0.810 (no floor) · first model",
        reasons=("training is Completed", "mAP50-95 0.810 is at least 0.5"),
        model_digest="a" * 64,
        archive_digest="b" * 64,
        evaluation_digest="c" * 64,
        smoke_digest="7" * 64,
        archive_uri=ARCHIVE,
        report_uri=EVALUATION + "report/index.html",
        metrics_uri=EVALUATION + "metrics.json",
        metrics=CandidateFigures("detect", FIGURES, 16, {"map50_95": Interval(0.75, 0.86)}),
        champion=ChampionFigures({**FIGURES, "map50_95": 0.8}, 3),
        properties={},
        quality_uri=EVALUATION + "model-quality.json",
        quality_digest="9" * 64,
        registry_task="OBJECT_DETECTION",
    )
    return {**render(passed), **changes}


def registration(**changes: Any) -> dict[str, Any]:
    """What Build tells of a version that waits."""
    return {
        "kind": "registered",
        "plan": build_plan().document(),
        "gate": gate(),
        "dataset": {
            "summary": "96 images, 300 boxes, 0 problems",
            "task": "detect",
            "classes": ["bolt", "nut"],
            "digest": "d" * 64,
            "warnings": [],
        },
        "jobs": {"prepare": PREPARE, "train": TRAIN, "evaluate": EVALUATE},
        "instance": "ml.g5.xlarge",
        "package_arn": PACKAGE,
        "training_image": "example/greenlight-training:1",
        "serving_image": "example/greenlight-serving:1",
        **changes,
    }


def serving(stage: str, **plan: Any) -> dict[str, Any]:
    """What Release tells of a version that a stage serves."""
    return {"kind": "serving", "stage": stage, "plan": {**PLAN, **plan}}


def registered(**changes: Any) -> Registered:
    """The same, read."""
    told = read_event(registration(**changes))
    assert isinstance(told, Registered)
    return told


def served(stage: str, **plan: Any) -> Serving:
    """The same, read."""
    told = read_event(serving(stage, **plan))
    assert isinstance(told, Serving)
    return told
