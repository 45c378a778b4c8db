"""Production's real figures follow from what people said, in the memory of models and weeks alone."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from workflow.contract.feedback import Agreement, Feedback
from workflow.contract.feedback_figures import FeedbackFigures, FeedbackSums, Share
from workflow.contract.share_interval import wilson

OLD, NEW = "a" * 64, "b" * 64


def said(verdict: str = "right", day: str = "2026-11-30", model: str = NEW, **more: Any) -> Feedback:
    """What one person said of an answer."""
    at = f"{day}T12:00:00+00:00"
    about: dict[str, Any] = {"inference_id": "one", "at": at, "by": "maria", **more}
    return Feedback(verdict=verdict, answered=at, model_digest=model, **about)


def summed(*answers: list[Feedback]) -> FeedbackFigures:
    """The figures of these answers."""
    sums = FeedbackSums()
    for answer in answers:
        sums.add(answer)
    return sums.figures()


def test_an_interval_is_wilson_s() -> None:
    """As published: 9 of 10 lie between 59.6 and 98.2 percent; nothing seen is anything."""
    assert [round(bound, 3) for bound in wilson(9, 10)] == [0.596, 0.982]
    assert wilson(0, 0) == (0.0, 1.0)


def test_each_model_and_each_of_its_weeks_has_its_share() -> None:
    """Weeks begin on Monday: 29 November 2026 is a Sunday."""
    found = summed(
        [said("wrong", "2026-11-29", OLD)],
        [said("right", "2026-11-29")],
        [said("right", "2026-11-30")],
        [said("wrong", "2026-12-06")],
    )
    assert [(one.model_digest, one.right.hits, one.right.of) for one in found.models] == [(NEW, 2, 3), (OLD, 0, 1)]
    newest = found.weeks[0]
    assert (newest.week, newest.model_digest, newest.right.share) == ("2026-W49", NEW, 0.5)
    assert {one.week for one in found.weeks[1:]} == {"2026-W48"}
    assert found.models[0].right == Share(2, 3, 2 / 3, *wilson(2, 3))
    assert FeedbackFigures.parse(found.document()) == found


def test_an_answer_counts_once_however_many_speak_of_it() -> None:
    """It is right where more say so; as many on both sides are no reason to trust it."""
    two, one = [said("right"), said("right", by="paul")], [said("wrong", by="ann")]
    assert summed(two + one).models[0].right.hits == 1
    assert summed(two[:1] + one).models[0].right == Share.count(0, 1)


def test_of_several_people_s_boxes_the_last_given_count() -> None:
    """Precision is over the boxes that were answered, recall over those that are there."""
    early = said("wrong", agreement=Agreement(9, 9, 0), at="2026-11-30T12:00:00+00:00")
    late = said("wrong", agreement=Agreement(4, 3, 2), at="2026-11-30T13:00:00+00:00", by="paul")
    (found,) = summed([late, early], [said("right", agreement=Agreement(1, 1, 1))], [said()]).models
    assert found.boxed == 2
    assert found.precision is not None
    assert found.recall is not None
    assert (found.precision.hits, found.precision.of) == (3, 5)
    assert (found.recall.hits, found.recall.of) == (3, 4)


def test_boxes_of_one_picture_are_not_independent() -> None:
    """Ten pictures, each all right or all wrong, say as little as ten boxes; mixed ones say all."""
    apart = summed(*([said(agreement=Agreement(50, 50, 50 if at % 2 else 0))] for at in range(10))).models[0].precision
    mixed = summed(*([said(agreement=Agreement(50, 50, 25 + at % 2))] for at in range(10))).models[0].precision
    assert apart is not None
    assert mixed is not None
    assert (apart.low, apart.high) == pytest.approx(wilson(4.5, 9), abs=0.001)
    assert (mixed.low, mixed.high) == wilson(255, 500)


def test_memory_does_not_grow_with_the_answers() -> None:
    """Ten times as many take no more."""

    def peak(answers: int) -> int:
        sums = FeedbackSums()
        tracemalloc.start()
        for at in range(answers):
            sums.add([said(by=f"person {at}")])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(2000) < peak(200) + 20_000
