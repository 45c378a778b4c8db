"""The model card: what SageMaker's schema takes, and what a person looks for in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra.local.sagemaker.model_cards import find_problems
from lambdas.note_version.card import LONGEST_CARD, write_card
from tests.lambdas.note_version.told import ARCHIVE, EVALUATE, PLACE, TRAIN, gate, registered
from tests.lambdas.plans import build_plan
from workflow.contract.model import TASKS
from workflow.contract.policy import Loosened
from workflow.contract.scores import figures_of


def card(**changes: Any) -> Any:
    """The card of a version, read; refused where SageMaker would refuse it."""
    text = write_card(registered(**changes))
    assert "\n" not in text
    content = json.loads(text)
    assert list(find_problems(content)) == []
    return content


def dataset(**changes: Any) -> dict[str, Any]:
    """What the check of the images says."""
    return {"summary": "96 images", "task": "detect", "classes": ["bolt"], "digest": "d" * 64, **changes}


def test_a_card_says_who_made_which_model() -> None:
    """The archive is the one that was judged."""
    assert card()["model_overview"] == {"model_creator": "ana", "model_artifact": [ARCHIVE]}


def test_a_card_names_job_data_image_and_hyperparameters_of_the_training() -> None:
    """As the plan of the run has them."""
    details = card()["training_details"]["training_job_details"]
    assert details["training_arn"] == f"{PLACE}:training-job/{TRAIN}"
    assert details["training_datasets"][0] == "s3://greenlight-runs/datasets/fasteners/"
    assert details["training_environment"] == {"container_image": ["example/greenlight-training:1"]}
    assert {one["name"]: one["value"] for one in details["hyper_parameters"]} == dict(build_plan().hyperparameters)


def test_a_card_shows_the_figures_with_their_intervals_beside_productions() -> None:
    """By their names, in the order in which they are always shown."""
    (evaluation,) = card()["evaluation_details"]
    assert evaluation["evaluation_job_arn"] == f"{PLACE}:processing-job/{EVALUATE}"
    candidate, production = evaluation["metric_groups"]
    names = [one["name"] for one in candidate["metric_data"]]
    assert names == ["mAP50", "mAP50-95", "precision", "recall", "F1"]
    quality = candidate["metric_data"][1]
    assert (quality["value"], quality["notes"]) == (0.81, "95 % interval 0.750 to 0.860")
    assert production["name"] == "production, version 3"
    assert production["metric_data"][1]["value"] == 0.8


def test_a_first_model_is_beside_nothing() -> None:
    """Its card has one group."""
    (evaluation,) = card(gate=gate(champion=None))["evaluation_details"]
    assert [group["name"] for group in evaluation["metric_groups"]] == ["candidate"]


def test_what_a_run_loosened_stands_first_among_the_caveats() -> None:
    """Then the gate's own reasons."""
    plan = build_plan(loosened=(Loosened("minimum_map50", 0.5, 0.01),)).document()
    said = card(plan=plan)["additional_information"]["caveats_and_recommendations"]
    assert said.startswith("loosened by the run: minimum_map50 was 0.5, is 0.01; training is Completed")


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_card(task: str) -> None:
    """With the figures that it has."""
    values = dict.fromkeys(figures_of(task), 0.5)
    figures = {"task": task, **values, "images": 16, "intervals": {}}
    content = card(gate=gate(metrics=figures, champion=None), dataset=dataset(task=task))
    (evaluation,) = content["evaluation_details"]
    assert len(evaluation["metric_groups"][0]["metric_data"]) == len(values)


def test_whatever_people_wrote_fits_into_a_card() -> None:
    """Ten thousand classes, names of any length, line breaks and signs that nobody sees."""
    classes = [f"class\n{n}\u202e" + "x" * 300 for n in range(10_000)]
    long = "word " * 2000
    content = card(
        dataset=dataset(classes=classes, summary=long),
        gate=gate(summary=long, reasons=[long] * 50),
        plan=build_plan(hyperparameters={f"k{n}": "v" * 5000 for n in range(200)}).document(),
    )
    text = json.dumps(content, ensure_ascii=False)
    assert len(text) <= LONGEST_CARD
    assert not re.search("[\n\u202e]", text)
