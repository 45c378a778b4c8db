"""When an endpoint's answer is the evaluation's answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.smoke_test.comparison import difference
from workflow.contract.reading import ContractError
from workflow.contract.smoke import Box, Expectation, Named, answer_of, overlap

BOLT = Box("bolt", 0.9, (10, 10, 110, 60))
NUT = Box("nut", 0.8, (200, 200, 260, 260))


def moved(box: Box, pixels: float) -> Box:
    """The same box a little to the right."""
    x1, y1, x2, y2 = box.corners
    return Box(box.name, box.score, (x1 + pixels, y1, x2 + pixels, y2))


def test_the_same_boxes_in_another_order_agree() -> None:
    """Order says nothing."""
    assert difference((BOLT, NUT), (NUT, BOLT), 0.25) == ""
    assert difference((), (), 0.25) == ""


def test_a_box_moved_by_half_a_pixel_agrees_and_by_five_does_not() -> None:
    """An overlap of 0.98 is asked for."""
    assert difference((BOLT,), (moved(BOLT, 0.5),), 0.25) == ""
    assert difference((BOLT,), (moved(BOLT, 5),), 0.25).startswith("expected bolt 0.900 at 10, 10, 110, 60")


@pytest.mark.parametrize(("score", "agrees"), [(0.9, True), (0.885, True), (0.87, False), (0.93, False)])
def test_a_score_may_differ_by_two_hundredths(score: float, agrees: bool) -> None:
    """More is another model, or another preprocessing."""
    assert (difference((BOLT,), (Box("bolt", score, BOLT.corners),), 0.25) == "") is agrees


def test_another_class_does_not_agree() -> None:
    """A nut is no bolt."""
    assert difference((BOLT,), (Box("nut", 0.9, BOLT.corners),), 0.25)


def test_a_missing_and_an_additional_box_are_both_told() -> None:
    """Both sides are checked."""
    assert "did not find it" in difference((BOLT, NUT), (BOLT,), 0.25)
    assert "which the evaluation did not" in difference((BOLT,), (BOLT, NUT), 0.25)
    assert difference((BOLT,), (BOLT, BOLT), 0.25)


def test_a_box_at_the_confidence_may_be_there_or_not() -> None:
    """Rounding decides there, not the model."""
    faint = Box("nut", 0.26, NUT.corners)
    assert difference((BOLT, faint), (BOLT,), 0.25) == ""
    assert difference((BOLT,), (BOLT, faint), 0.25) == ""
    assert difference((BOLT,), (BOLT, Box("nut", 0.28, NUT.corners)), 0.25)


corners = st.tuples(*[st.floats(0, 1000)] * 4).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)
boxes = st.lists(st.builds(Box, st.sampled_from(["bolt", "nut"]), st.floats(0, 1), corners), max_size=5).map(tuple)


@given(boxes)
def test_any_boxes_agree_with_themselves(some: tuple[Box, ...]) -> None:
    """Also boxes without an area."""
    assert difference(some, some[::-1], 0.25) == ""


@given(boxes, boxes)
def test_disagreement_is_mutual(one: tuple[Box, ...], other: tuple[Box, ...]) -> None:
    """No side is the more forgiving one."""
    assert bool(difference(one, other, 0.25)) == bool(difference(other, one, 0.25))


CAT, DOG = Named("cat", 0.7), Named("dog", 0.2)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([CAT, DOG], ""),
        ([DOG, CAT], ""),
        ([Named("cat", 0.69), Named("dog", 0.21)], ""),
        ([Named("cat", 0.6), Named("dog", 0.3)], "expected cat 0.700, found 0.600"),
        ([CAT, Named("owl", 0.19)], ""),
        ([CAT, Named("owl", 0.1)], "expected dog 0.200, found it not named"),
        ([Named("cat", 0.7), Named("dog", 0.2), Named("owl", 0.4)], "found owl 0.400, which the evaluation did not"),
        ([BOLT], "one side answers boxes, the other classes"),
        ([], "expected cat 0.700, found it not named"),
    ],
)
def test_the_classes_of_a_classifier_are_compared_by_name_and_score(found: list[Any], said: str) -> None:
    """Which of two faint classes is the last on the list may differ."""
    assert difference((CAT, DOG), tuple(found), 0.25) == said
    assert bool(difference(tuple(found), (CAT, DOG), 0.25)) == bool(said)


def test_the_classes_of_a_classifier_are_read() -> None:
    """As the server writes them; an answer of both kinds is none."""
    document = {"classification": [{"class_id": 0, "class": "cat", "score": 0.7}]}
    assert answer_of(document) == (CAT,)
    damages: list[dict[str, Any]] = [
        {**document, "detections": []},
        {"classification": []},
        {"classification": [{"class": "cat"}]},
    ]
    for damaged in damages:
        with pytest.raises(ContractError):
            answer_of(damaged)


@given(corners, corners)
def test_an_overlap_is_a_fraction(left: tuple[float, ...], right: tuple[float, ...]) -> None:
    """And the same from both sides."""
    assert 0 <= overlap(left, right) <= 1.0000001
    assert overlap(left, right) == pytest.approx(overlap(right, left))


SMOKE: dict[str, Any] = {
    "version": 1,
    "model_digest": "a" * 64,
    "confidence": 0.25,
    "images": [
        {"file": "0.jpg", "detections": [{"class_id": 0, "class": "bolt", "score": 0.9, "box": [10, 10, 110, 60]}]}
    ],
}


def test_an_expectation_is_read() -> None:
    """As the evaluation writes it."""
    expectation = Expectation.parse(SMOKE)
    assert expectation.images[0].answer == (BOLT,)


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"confidence": None},
        {"model_digest": None},
        {"images": []},
        {"images": [{"file": "../0.jpg", "detections": []}]},
        {"images": [{"file": "", "detections": []}]},
        {"images": [{"file": "0.jpg"}]},
        {"images": ["0.jpg"]},
    ],
    ids=str,
)
def test_a_damaged_expectation_is_an_error(damage: dict[str, Any]) -> None:
    """Nothing to expect is no success."""
    with pytest.raises(ContractError):
        Expectation.parse({**SMOKE, **damage})


@pytest.mark.parametrize(
    "detection",
    [
        None,
        {},
        {"class": "bolt", "score": 0.9, "box": [1, 2, 3]},
        {"class": "bolt", "score": float("nan"), "box": [1, 2, 3, 4]},
    ],
    ids=str,
)
def test_a_damaged_answer_is_an_error(detection: Any) -> None:
    """A box is a class, a score and four numbers."""
    with pytest.raises(ContractError):
        answer_of({"detections": [detection]})
    with pytest.raises(ContractError):
        answer_of({})
