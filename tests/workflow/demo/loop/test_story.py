"""What the figures of two versions on the same pictures come to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.workflow.demo.loop.example import make_story
from workflow.contract.scores import Comparison, Interval, Lead, Metrics, ModelScore
from workflow.demo.loop.story import Compared
from workflow.errors import GreenlightError

SCORE = ModelScore("", "", 0.9, 0.8, 1, 1, (), 1, 1, 1, intervals={"map50_95": Interval(0.7, 0.9)})
MEASURED = Metrics(
    "", 32, 90, 0.25, SCORE, replace(SCORE, map50_95=0.6), comparison=Comparison(Lead(0.2, 0.1, 0.3), {})
)


@pytest.mark.parametrize(
    ("low", "high", "way"), [(0.01, 0.3, "better"), (-0.02, 0.1, "no worse"), (-0.3, -0.01, "worse")]
)
def test_a_version_is_better_or_worse_where_its_whole_interval_says_so(low: float, high: float, way: str) -> None:
    """What may be chance is called no worse, and never better."""
    compared = Compared.of(replace(MEASURED, comparison=Comparison(Lead(0.2, low, high), {})))
    assert (compared.way, compared.before.value, compared.after.value) == (way, 0.6, 0.8)


@pytest.mark.parametrize(
    "measured",
    [
        replace(MEASURED, champion=None),
        replace(MEASURED, candidate=replace(SCORE, intervals={})),
        replace(MEASURED, comparison=Comparison(Lead(0.2, None, None), {})),
    ],
)
def test_without_an_interval_nothing_is_claimed(measured: Metrics) -> None:
    """Too few pictures, or nothing to compare with."""
    with pytest.raises(GreenlightError):
        Compared.of(measured)


def test_the_pictures_shown_are_not_the_best_alone(tmp_path: Path) -> None:
    """The one that gained least is among them."""
    story = make_story(tmp_path)
    assert min(one.gain for one in story.pairs) == story.shown()[-1].gain
    assert len(story.shown()) == 4
