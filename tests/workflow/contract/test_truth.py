"""How many of a model's answers were right: each counts once, of this model, and by an interval that holds for few."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from workflow.contract.feedback import Feedback
from workflow.contract.share_interval import wilson
from workflow.contract.truth import Truth, count_truth, name_folders

TIME = "2026-11-30T12:00:00+00:00"
MINE, OTHER = "a" * 64, "b" * 64
TOLD = {
    "version": 1,
    "inference_id": "one",
    "model_digest": MINE,
    "verdict": "right",
    "by": "ann",
    "answered": TIME,
    "at": TIME,
}


def told(**changes: Any) -> Feedback:
    """One feedback."""
    return Feedback.parse({**TOLD, **changes})


def test_an_interval_is_wilson_s() -> None:
    """As published: 9 of 10 lie between 59.6 and 98.2 percent; nothing seen is anything."""
    assert [round(bound, 3) for bound in wilson(9, 10)] == [0.596, 0.982]
    assert Truth(9, 1).interval == wilson(9, 10)
    assert Truth().interval == wilson(0, 0) == (0.0, 1.0)


def test_an_answer_counts_once_by_what_most_people_said_of_it() -> None:
    """Who says both ways alike says that it was not right; another model's answers are another's."""
    said = [
        told(),
        told(verdict="wrong"),
        told(),
        told(inference_id="two", verdict="wrong"),
        told(inference_id="three"),
        told(inference_id="three", verdict="wrong"),
        told(inference_id="four", model_digest=OTHER),
    ]
    assert count_truth(said, MINE) == Truth(right=1, wrong=2)
    assert count_truth(said, OTHER) == Truth(right=1)
    assert count_truth([], MINE) == Truth()


def test_the_folders_of_a_time_are_its_days() -> None:
    """Both ends are in it, also where the clock alone is later."""
    late = datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp()
    assert name_folders(late, late + 120) == ["feedback/2026/11/30/", "feedback/2026/12/01/"]
    assert name_folders(late, late) == ["feedback/2026/11/30/"]
