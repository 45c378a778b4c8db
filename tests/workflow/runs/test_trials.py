"""The trials of a search, as a person watches them."""

from __future__ import annotations

from typing import Any

from tests.workflow.cloud import ScriptedCloud
from workflow.runs.progress import parse_epochs
from workflow.runs.trials import Trial, Trials, best_trial, summary_line


def item(name: str, status: str, value: float | None = None) -> dict[str, Any]:
    """A trial as SageMaker lists it."""
    found: dict[str, Any] = {
        "TrainingJobName": name,
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"lr0": "0.0021234567", "optimizer": "AdamW"},
    }
    if value is not None:
        found["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": "quality", "Value": value}
    return found


def searching(*items: dict[str, Any]) -> tuple[Trials, ScriptedCloud]:
    """A search with these trials, each of which has logged two epochs."""
    pages: dict[str | None, dict[str, Any]] = {
        None: {
            "events": [{"message": f"epoch={n} epochs=3 quality=0.{n} seconds=1"} for n in (1, 2)],
            "nextForwardToken": "end",
        },
        "end": {"events": [], "nextForwardToken": "end"},
    }
    cloud = ScriptedCloud(
        {
            "list_training_jobs_for_hyper_parameter_tuning_job": {"TrainingJobSummaries": list(items)},
            "describe_log_streams": lambda asked: {
                "logStreams": [{"logStreamName": asked["logStreamNamePrefix"] + "/algo-1"}]
            },
            "get_log_events": lambda asked: pages[asked.get("nextToken")],
        }
    )
    return Trials(cloud), cloud


def test_a_trial_has_its_values_its_curve_and_its_figure() -> None:
    """A running one shows its latest epoch, an ended one what SageMaker says of it."""
    trials, _ = searching(item("a", "Completed", 0.625), item("b", "InProgress"))
    first, second = trials.of("search")
    assert first.line() == "✓ trial 1  0.625  ▂▂                    lr0 0.00212  optimizer AdamW"
    assert (second.quality, second.line("⠸").split()[:4]) == (0.2, ["⠸", "trial", "2", "0.200"])
    assert first.document() == {
        "job": "a",
        "status": "Completed",
        "hyperparameters": {"lr0": "0.0021234567", "optimizer": "AdamW"},
        "quality": 0.625,
        "epochs": 2,
    }


def test_an_ended_trial_is_read_once() -> None:
    """However often a search is looked at."""
    trials, cloud = searching(item("a", "Completed", 0.6), item("b", "InProgress"))
    for _ in range(3):
        trials.of("search")
    asked = [given["logStreamNamePrefix"] for name, given in cloud.asked if name == "describe_log_streams"]
    assert (asked.count("a"), asked.count("b")) == (1, 3)


def test_the_best_trial_is_a_completed_one() -> None:
    """One that was stopped early has no model to carry on."""
    epochs = tuple(parse_epochs(["epoch=1 epochs=3 quality=0.9"]))
    trials = [
        Trial(1, "a", "Completed", {}, final=0.5),
        Trial(2, "b", "Completed", {}, final=0.6),
        Trial(3, "c", "Stopped", {}, final=0.9),
        Trial(4, "d", "InProgress", {}, epochs),
    ]
    leading = best_trial(trials)
    assert leading is not None
    assert leading.job == "b"
    assert summary_line(trials) == "3 of 4 trials ended  best quality 0.600 in trial 2"
    assert summary_line(trials[3:]) == "0 of 1 trials ended"
    assert summary_line([]) == ""
