"""What people may say of an answer, what is refused with what to give instead, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workflow.contract.answer_name import AnswerName
from workflow.contract.feedback import Agreement, Feedback, Given, GivenBox, KnownAnswer, judge
from workflow.contract.reading import ContractError

NOW = datetime(2026, 12, 1, 9, 30, 15, 999, UTC)
NAME = AnswerName.make("ab" * 32, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), bytes(8))
BOLT, NUT = [1.0, 1.0, 5.0, 5.0], [10.0, 10.0, 20.0, 20.0]
ANSWER = {
    "width": 30,
    "height": 24,
    "detections": [{"class": "bolt", "score": 0.9, "box": BOLT}, {"class": "nut", "score": 0.8, "box": NUT}],
}
KNOWN = KnownAnswer(NAME.text(), "ab" * 32, NAME.given, ("bolt", "nut"), ANSWER, "captured/kept/2026/11/30/one.jpg")


def given(**said: Any) -> Given:
    """A request about the answer."""
    return Given.parse({"inference_id": NAME.text(), **said})


def boxes(*said: tuple[str, list[float]]) -> list[dict[str, Any]]:
    """Boxes as the answers write them."""
    return [{"class": name, "box": corners} for name, corners in said]


def test_an_answer_s_name_says_when_and_by_which_model() -> None:
    """So that nothing has to be looked up to find what was captured of it."""
    assert NAME.text() == "20261130T235959-abababababab-0000000000000000"
    assert AnswerName.read(NAME.text()) == NAME
    for other in ("my-own-id", NAME.text().upper(), NAME.text() + "0", "20261399T000000-abababababab-0000000000000000"):
        assert AnswerName.read(other) is None


def test_a_verdict_is_kept_with_who_and_when_under_the_day_of_the_answer() -> None:
    """And reads back as it was written."""
    kept = judge(given(verdict="wrong"), KNOWN, "maria", NOW)
    assert kept.document() == {
        "version": 1,
        "inference_id": NAME.text(),
        "model_digest": "ab" * 32,
        "verdict": "wrong",
        "answered": "2026-11-30T23:59:59+00:00",
        "at": "2026-12-01T09:30:15+00:00",
        "by": "maria",
        "picture": "captured/kept/2026/11/30/one.jpg",
    }
    assert Feedback.parse(kept.document()) == kept
    assert kept.key().startswith(f"feedback/2026/11/30/{NAME.text()}/")


def test_the_same_person_s_word_takes_the_place_of_an_earlier_one() -> None:
    """One key for each answer and person, whatever is said."""
    first = judge(given(verdict="wrong"), KNOWN, "maria", NOW)
    assert judge(given(verdict="right"), KNOWN, "maria", NOW).key() == first.key()
    assert judge(given(verdict="wrong"), KNOWN, "paul", NOW).key() != first.key()


@pytest.mark.parametrize(
    ("said", "verdict", "agreement"),
    [
        (boxes(("bolt", [1.0, 1.0, 5.0, 5.5]), ("nut", NUT)), "right", Agreement(2, 2, 2)),
        (boxes(("bolt", BOLT)), "wrong", Agreement(2, 1, 1)),
        (boxes(("nut", BOLT), ("nut", NUT)), "wrong", Agreement(2, 2, 1)),
        (boxes(("bolt", [3.0, 3.0, 7.0, 7.0]), ("nut", NUT), ("nut", NUT)), "wrong", Agreement(2, 3, 1)),
        ([], "wrong", Agreement(2, 0, 0)),
    ],
    ids=["the same", "one too many", "another class", "elsewhere", "nothing there"],
)
def test_the_right_boxes_say_whether_the_answer_was_right(
    said: list[dict[str, Any]], verdict: str, agreement: Agreement
) -> None:
    """Each stands for one of the answer's, of its class and at IoU 0.5."""
    kept = judge(given(boxes=said), KNOWN, "maria", NOW)
    assert (kept.verdict, kept.agreement) == (verdict, agreement)
    assert kept.boxes == tuple(GivenBox.parse(one) for one in said)
    assert Feedback.parse(kept.document()) == kept


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, 'give either "verdict"'),
        ({"verdict": "right", "boxes": []}, 'give either "verdict"'),
        ({"verdict": "good"}, "must be one of right, wrong"),
        ({"verdict": "right", "comment": "x"}, "feedback.comment: give inference_id"),
        ({"verdict": "right", "by": "a\nb"}, "feedback.by: must be a name on one line"),
        ({"verdict": "right", "by": "a" * 301}, "300 characters at most"),
        ({"verdict": "right", "inference_id": ""}, "must be the id of an answer"),
        ({"verdict": "right", "inference_id": "a" * 65}, "64 characters at most"),
        ({"boxes": {}}, "must be a list of 1000 boxes at most"),
        ({"boxes": [{"class": "bolt", "box": BOLT}] * 1001}, "must be a list of 1000 boxes at most"),
        ({"boxes": [{"class": "bolt", "box": [1, 2, 3]}]}, 'feedback.boxes[0]: must be {"class"'),
        ({"boxes": [{"class": "bolt", "box": [0, 0, float("nan"), 1]}]}, 'feedback.boxes[0]: must be {"class"'),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_give(said: dict[str, Any], told: str) -> None:
    """By the key at fault."""
    with pytest.raises(ContractError) as refusal:
        given(**said)
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("known", "said", "told"),
    [
        (
            KNOWN,
            boxes(("bolt", BOLT), ("screw", NUT)),
            "boxes[1].class: the model knows no 'screw'; it knows",
        ),
        (
            KNOWN,
            boxes(("bolt", [1, 1, 30.5, 5])),
            "boxes[0].box: [1.0, 1.0, 30.5, 5.0] must lie in the picture",
        ),
        (KNOWN, boxes(("bolt", [5, 1, 1, 5])), "as left, top, right, bottom"),
        (replace(KNOWN, answer=None, picture=""), boxes(("bolt", BOLT)), "was not captured"),
        # Of lines, which are about several pictures.
        (replace(KNOWN, answer=None), boxes(("bolt", BOLT)), "has no boxes of one picture"),
        (replace(KNOWN, answer={"classification": []}), [], "has no boxes of one picture"),
        (replace(KNOWN, answer={"images": []}), [], "has no boxes of one picture"),
        (replace(KNOWN, classes=None), [], "which classes this model knows was not recorded"),
    ],
)
def test_boxes_that_cannot_be_right_are_refused(known: KnownAnswer, said: list[dict[str, Any]], told: str) -> None:
    """And so are any of an answer that is not known: nothing would say whether they are."""
    with pytest.raises(ContractError) as refusal:
        judge(given(boxes=said), known, "maria", NOW)
    assert told in str(refusal.value)
