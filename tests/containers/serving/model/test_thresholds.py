"""What is answered unless somebody asks for more or less, and the setting that moves it."""

from __future__ import annotations

import pytest

from containers.serving.model.thresholds import ConfidenceError, Thresholds, read_confidence


def test_a_classifier_answers_its_best_five_classes_and_other_models_up_to_300_detections() -> None:
    """Of an endpoint's confidence; the overlap is the usual one of YOLOv8."""
    assert Thresholds.usual("classify", 0.3) == Thresholds(0.3, 0.7, None, 5)
    for task in ("detect", "pose", "segment", "obb"):
        assert Thresholds.usual(task, 0.3) == Thresholds(0.3, 0.7, None, 300)


@pytest.mark.parametrize(("text", "confidence"), [("0", 0), ("0.25", 0.25), (" 4e-1", 0.4), ("1", 1)])
def test_a_confidence_may_be_any_number_from_0_to_1(text: str, confidence: float) -> None:
    """Both ends included, as in a request: what an endpoint may serve at can also be measured."""
    assert read_confidence({"SET": text}, "SET") == confidence


def test_without_a_setting_the_confidence_is_the_usual_one() -> None:
    """That of ultralytics, a quarter."""
    assert read_confidence({"OTHER": "0.5"}, "SET") == Thresholds().confidence == 0.25


@pytest.mark.parametrize("text", ["", "high", "nan", "inf", "-0.001", "1.001", "0,5"])
def test_what_is_no_number_from_0_to_1_is_no_confidence(text: str) -> None:
    """The message names the setting and what was found."""
    with pytest.raises(ConfidenceError, match=f"^SET = '{text}': must be a number from 0 to 1$"):
        read_confidence({"SET": text}, "SET")


def test_a_model_that_finds_more_answers_more() -> None:
    """As its manifest says; a classifier's answer stays short."""
    assert Thresholds.usual("detect", 0.3, 1000).max_detections == 1000
    assert Thresholds.usual("classify", 0.3, 1000).max_detections == 5
