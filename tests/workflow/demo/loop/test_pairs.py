"""What two versions see in a picture, held against what is true there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workflow.demo.loop.pairs import MISSED, RIGHT, WRONG, Pair
from workflow.predictions.prediction import Prediction

CLASSES = ("bolt", "nut")
ROWS = "0 0.2 0.2 0.2 0.2\n1 0.7 0.7 0.2 0.2\n"
BOLT, NUT = [10, 20, 30, 60], [60, 120, 80, 160]
"""The true boxes in a picture of 100 by 200 pixels."""


def found(name: str, box: list[int], score: float = 0.9) -> dict[str, Any]:
    """One detection."""
    return {"class": name, "class_id": CLASSES.index(name), "score": score, "box": box}


def answer(*detections: dict[str, Any]) -> Prediction:
    """An answer to the picture."""
    return Prediction(Path("a.jpg"), "digest", 100, 200, detections)


def kinds(*detections: dict[str, Any]) -> tuple[int, int, int]:
    """How many boxes of an answer are right and wrong, and how many objects it misses."""
    seen = Pair.of(answer(*detections), answer(), ROWS, CLASSES).before
    return seen.count(RIGHT), seen.count(WRONG), seen.count(MISSED)


def test_a_box_is_right_where_a_thing_of_its_class_lies_and_was_not_found_yet() -> None:
    """By half of the intersection over union; a second box of the same thing is wrong."""
    assert kinds(found("bolt", BOLT), found("nut", NUT)) == (2, 0, 0)
    assert kinds(found("nut", BOLT)) == (0, 1, 2)
    assert kinds(found("bolt", BOLT), found("bolt", BOLT, 0.5)) == (1, 1, 1)
    assert kinds(found("bolt", [10, 45, 30, 85])) == (0, 1, 2)


def test_what_a_version_gains_is_the_mistakes_that_it_makes_no_more() -> None:
    """A version that finds more and errs as much more has gained nothing."""
    assert Pair.of(answer(), answer(found("bolt", BOLT)), ROWS, CLASSES).gain == 1
    assert Pair.of(answer(), answer(found("bolt", BOLT), found("nut", BOLT)), ROWS, CLASSES).gain == 0
