"""How much of a figure may be chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from containers.serving.evaluation.average_precision import OVERLAPS, Matches
from containers.serving.evaluation.figures import Found, Named
from containers.serving.evaluation.held_out import HeldOut, Picture
from containers.serving.evaluation.interval import draw_pictures
from containers.serving.evaluation.scoring import Standing, compare
from workflow.contract.scores import Lead, figures_of


def held_out(classes: list[int]) -> HeldOut:
    """A picture an element, with one object of that class."""
    pictures = [
        Picture(str(at), Path(), np.zeros((1, 4), np.float32), np.array([one])) for at, one in enumerate(classes)
    ]
    return HeldOut(("a", "b"), "d", tuple(pictures))


def standing(found: list[bool], classes: list[int] | None = None) -> Standing:
    """A picture an element: its one object found without error, or missed."""
    pictures = np.flatnonzero(found)
    true = np.array(classes or [0] * len(found))
    right = np.ones((len(pictures), len(OVERLAPS)), bool)
    matches = Matches(right, np.ones(len(pictures)), true[pictures], pictures, true, np.arange(len(found)))
    return Standing.of(Found("detect", 2, matches, None, matches), len(found))


def test_an_interval_surrounds_the_figure_and_narrows_with_more_pictures() -> None:
    """Half of the objects found, in 10 and in 200 pictures."""
    few, many = (standing([True, False] * half).intervals("detect") for half in (5, 100))
    for name in figures_of("detect"):
        if name == "precision":
            assert (few[name].low, few[name].high) == (1, 1), "what is told is always right"
        else:
            now = standing([True, False] * 5).overall("detect")[name]
            assert few[name].low < many[name].low < now < many[name].high < few[name].high


def test_the_same_model_leads_itself_by_nothing() -> None:
    """Both are drawn on the same pictures, so nothing is left to chance."""
    model = standing([True, False] * 8)
    comparison = compare(model, model, held_out([0] * 16), frozenset("ab"))
    assert comparison.overall == Lead(0, 0, 0)
    assert comparison.per_class == {"a": Lead(0, 0, 0)}, "there is no object of the other class"


def test_a_model_that_finds_all_leads_one_that_finds_half_by_more_than_chance() -> None:
    """The whole interval lies above zero, overall and for the class."""
    comparison = compare(standing([True] * 20), standing([True, False] * 10), held_out([0] * 20), frozenset("ab"))
    for lead in (comparison.overall, comparison.per_class["a"]):
        assert lead.value == pytest.approx(0.5)
        assert lead.low is not None
        assert 0 < lead.low < 0.5


def test_a_class_on_few_pictures_has_a_figure_but_no_interval() -> None:
    """Nine pictures show the one class, two the other."""
    classes = [0] * 9 + [1] * 2
    model, data = standing([True, False] * 5 + [True], classes), held_out(classes)
    common, rare = model.class_scores(data)
    assert common.interval is not None
    assert common.interval.low < common.quality < common.interval.high
    assert (rare.objects, rare.interval) == (2, None)
    leads = compare(model, model, data, frozenset("ab")).per_class
    assert (leads["a"].low, leads["b"].low) == (0, None)


def test_a_class_the_champion_never_learnt_is_not_compared() -> None:
    """By name; the overall figure counts it all the same."""
    data = held_out([0, 1] * 5)
    leads = compare(standing([True] * 10, [0, 1] * 5), standing([True] * 10, [0, 1] * 5), data, frozenset("b"))
    assert set(leads.per_class) == {"b"}


def test_a_handful_of_pictures_gives_no_interval() -> None:
    """Seven pictures are too few to draw from."""
    model = standing([True] * 7)
    assert draw_pictures(7) is None
    assert model.intervals("detect") == {}
    assert compare(model, model, held_out([0] * 7), frozenset("a")).overall == Lead(0, None, None)


def test_no_picture_at_all_scores_nothing() -> None:
    """And is no crash."""
    assert set(standing([]).overall("detect").values()) == {0.0}


def test_a_classifier_is_right_for_the_share_of_pictures_named_right() -> None:
    """Three of four right, the fourth called by a name that nobody knows here, its own among the five best."""
    record = Named(2, np.array([0, 0, 0, 1]), np.array([0, 0, 0, -1]), np.array([True] * 4))
    assert Standing.of(record, 4).overall("classify") == {
        "top1": 0.75,
        "top5": 1.0,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
    }
