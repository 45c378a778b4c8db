"""The sentence by which people judge a model before they look at a figure."""

from __future__ import annotations

import pytest

from workflow.contract.outcome import Counted, Outcome, tell_chance
from workflow.contract.scores import Lead


@pytest.mark.parametrize(
    ("task", "said", "short"),
    [
        (
            "detect",
            "Finds 48 of 53 objects in 16 held-out pictures, 5 wrong",
            "Finds 48 of 53, 5 wrong (production 45, none wrong)",
        ),
        (
            "classify",
            "Names 48 of 53 held-out pictures correctly, 5 wrong",
            "Names 48 of 53, 5 wrong (production 45, none wrong)",
        ),
    ],
)
def test_the_sentence_is_worded_by_task(task: str, said: str, short: str) -> None:
    """A classifier names pictures; everything else finds objects."""
    outcome = Outcome(task, 53 if task == "classify" else 16, 53, Counted(48, 5), Counted(45, 0))
    assert (outcome.sentence(), outcome.short()) == (said, short)


def test_one_is_one_and_a_first_model_has_nothing_beside_it() -> None:
    """The singular, and no word of production."""
    outcome = Outcome("segment", 1, 1, Counted(1, 0))
    assert outcome.sentence() == "Finds 1 of 1 object in 1 held-out picture, none wrong"
    assert (outcome.beside(), outcome.short()) == ("", "Finds 1 of 1, none wrong")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.1, "not due to chance"),
        (-0.1, -0.01, "not due to chance"),
        (-0.1, 0.1, "may be due to chance"),
        (0, 0, "the same on every draw"),
        (None, None, "too few pictures to tell"),
    ],
)
def test_chance_is_told_by_the_interval(low: float | None, high: float | None, said: str) -> None:
    """On either side of zero, around it, at it, unknown."""
    assert tell_chance(Lead(0.05, low, high)) == said
