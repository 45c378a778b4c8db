"""The sum of many answers on one line."""

from __future__ import annotations

from pathlib import Path

from workflow.predictions.ask import Failure
from workflow.predictions.prediction import Prediction
from workflow.predictions.tally import Tally, percentile


def prediction(milliseconds: float, *names: str) -> Prediction:
    """An answer with objects of these classes."""
    found = tuple({"class_id": 0, "class": name, "score": 0.9, "box": [0, 0, 1, 1]} for name in names)
    return Prediction(Path("a.jpg"), "d", 9, 9, found, milliseconds=milliseconds)


def test_everything_is_counted() -> None:
    """Pictures, failures, objects by class, the rate and how long requests took."""
    tally = Tally()
    tally.add(prediction(10, "nut", "bolt", "nut"))
    tally.add(Failure(Path("b.jpg"), "is no picture"))
    tally.add(prediction(30))
    assert tally.failed == 1
    told = "3 pictures · 1 failed · 3 objects: 2 nut, 1 bolt · 4.0 requests/s · p50 10 ms · p99 30 ms · model d"
    assert tally.text(0.5) == told


def test_nothing_seen_and_nothing_answered_are_told_apart() -> None:
    """The second has no rate."""
    tally = Tally()
    tally.add(Failure(Path("b.jpg"), "is no picture"))
    assert tally.text(1) == "1 picture · 1 failed"
    tally = Tally()
    tally.add(prediction(10))
    assert tally.text(1) == "1 picture · nothing seen · 1.0 requests/s · p50 10 ms · p99 10 ms · model d"


def test_a_canary_shows_both_models() -> None:
    """Who answers is what one asks after a release or a roll-back; the digests are as short as on the pages."""
    tally = Tally()
    assert tally.models() == ""
    for digest in ("a" * 64, "b" * 64, "a" * 64):
        tally.add(Prediction(Path("a.jpg"), digest, 9, 9))
    assert tally.models() == "models aaaaaaaaaaaa (2), bbbbbbbbbbbb (1)"


def test_sorted_pictures_are_counted_by_their_best_class() -> None:
    """They hold no objects."""
    tally = Tally()
    best = ({"class_id": 1, "class": "nut", "score": 0.9}, {"class_id": 0, "class": "bolt", "score": 0.1})
    for _ in range(2):
        tally.add(Prediction(Path("a.jpg"), "d", 9, 9, classification=best, milliseconds=5))
    assert tally.text(1).startswith("2 pictures · 2 nut · ")


def test_a_percentile_is_one_of_the_values() -> None:
    """The nearest rank."""
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 50)) == (50, 99, 7)
