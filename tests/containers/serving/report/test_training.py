"""How training went and what a search tried, as the page tells it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from containers.serving.report.training import training
from tests.containers.serving.report.example_documents import LOSSES
from tests.containers.serving.report.example_pages import example, tuned
from tests.containers.serving.report.page_outline import Outline

EPOCHS = [{"epoch": at, "quality": quality, "box_loss": 4.0 / at} for at, quality in ((1, 0.2), (2, 0.5), (3, 0.4))]
TOLD: Mapping[str, Any] = {"epochs": EPOCHS, "seconds": 75, "images": 64, "stopped_early": False, "resumed_after": 0}
RECORD = {"training": {"hyperparameters": {"epochs": "50"}}}


def shown(told: Mapping[str, Any] | None, **others: Any) -> Outline:
    return Outline(training(told, others.get("record"), others.get("trials", ()), others.get("task", "detect")))


def test_quality_and_every_loss_have_a_curve_with_its_figure_in_words() -> None:
    """The best epoch of the quality, the end of a loss."""
    section = shown(TOLD)
    assert "3 epochs over 64 pictures in 1 min 15 s." in section.text
    assert "mAP50-95 on the validation pictures best 0.500 in epoch 2" in section.text
    assert "box loss 1.333 at the end" in section.text
    labels = [svg["aria-label"] for svg in section.all("svg")]
    assert labels == [
        "mAP50-95 on the validation pictures by epoch, best 0.500 in epoch 2",
        "box loss by epoch, 1.333 at the end",
    ]


def test_every_task_shows_its_own_losses() -> None:
    """As many small charts as there are losses, and the quality."""
    for task, losses in LOSSES.items():
        text = shown(example(task).training, task=task).text
        assert [name for name in losses if f"{name.replace('_', ' ')} " not in text] == []


def test_a_restart_and_an_early_end_are_marked_and_said() -> None:
    """And how many epochs were planned."""
    section = shown({**TOLD, "stopped_early": True, "resumed_after": 2}, record=RECORD)
    assert "3 epochs of 50 over" in section.text
    assert "Stopped early" in section.text
    assert "resumed after epoch 2." in section.text
    assert len([path for path in section.all("path") if path["class"] == "mark"]) == 4
    plain = shown(TOLD, record=RECORD)
    assert "resumed" not in plain.text
    assert [path for path in plain.all("path") if path["class"] == "mark"] == []


def test_a_figure_that_is_no_number_leaves_a_gap_and_not_a_crash() -> None:
    """A diverged loss, a missing one, one epoch alone, none at all, and a document of another kind."""
    odd = [*EPOCHS, {"epoch": 4, "quality": math.nan, "box_loss": "much"}, {"epoch": 5}]
    section = shown({**TOLD, "epochs": odd})
    assert "nan" not in str(section.tags).lower()
    assert "5 epochs" in section.text
    assert "best 0.200 in epoch 1" in shown({**TOLD, "epochs": EPOCHS[:1]}).text
    for epochs in ([], None, 7, ["none"]):
        assert shown({**TOLD, "epochs": epochs}).text == ""
    assert shown(None).text == ""


def test_zero_and_the_top_of_a_scale_are_named() -> None:
    """A curve without a scale could be anything."""
    html = training({"epochs": [{"epoch": at, "loss": at * 0.9} for at in (1, 2)]}, None, (), "classify")
    assert re.findall(r'text-anchor="end">([\d.]+)</text>', html)[:3] == ["0", "1", "2"]


def test_the_trials_of_a_search_stand_best_first_with_what_they_tried() -> None:
    """The best is marked by a word; one that failed comes last, without a figure."""
    text = shown(None, trials=tuned().trials).text
    assert "7 trainings of the search, best first" in text
    assert "003-00000003 ★ best 0.003333 0.3 AdamW 0.700 Completed" in text
    assert text.index("003-") < text.index("002-") < text.index("006-") < text.index("007-")
    assert "007-0000abcd – – – – Failed" in text
    assert text.count("★ best") == 1


def test_a_trial_at_zero_is_before_one_without_a_figure() -> None:
    """Zero is a figure."""
    nothing = {"TrainingJobName": "a-1-x", "TrainingJobStatus": "Stopped"}
    zero = {
        "TrainingJobName": "a-2-y",
        "TrainingJobStatus": "Completed",
        "FinalHyperParameterTuningJobObjectiveMetric": {"Value": 0.0},
    }
    text = shown(None, trials=(nothing, zero)).text
    assert text.index("2-y ★ best 0.000") < text.index("1-x –")


def test_a_trial_that_was_stopped_is_never_the_best() -> None:
    """Its model does not go on, however good its last figure was."""
    stopped, completed = (
        {
            "TrainingJobName": f"a-1-{status[0].lower()}",
            "TrainingJobStatus": status,
            "FinalHyperParameterTuningJobObjectiveMetric": {"Value": value},
        }
        for status, value in (("Stopped", 0.9), ("Completed", 0.8))
    )
    text = shown(None, trials=(stopped, completed)).text
    assert text.index("1-c ★ best 0.800") < text.index("1-s")
    assert text.count("★ best") == 1
