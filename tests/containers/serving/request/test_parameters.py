"""Thresholds, classes, tiles and masks: the same six names in a header and in JSON."""

from __future__ import annotations

from typing import Any

import pytest

from containers.serving.model.thresholds import Thresholds
from containers.serving.request.parameters import Masks, Parameters, override, read_attributes
from containers.serving.request.refusal import InvocationError

CLASSES = ("bolt", "cap nut", "0", "größe")
BASE = Parameters(Thresholds())


@pytest.mark.parametrize(
    ("text", "thresholds", "masks"),
    [
        ("", Thresholds(), "polygons"),
        (" , ,", Thresholds(), "polygons"),
        ("confidence=0.3,iou=.6", Thresholds(0.3, 0.6), "polygons"),
        ("confidence = 0 , iou = 1e0", Thresholds(0, 1), "polygons"),
        ("classes=bolt;cap nut", Thresholds(classes=(0, 1)), "polygons"),
        ("classes= cap nut ; 3 ;1;", Thresholds(classes=(1, 3)), "polygons"),
        ("max_detections=10,masks=rle", Thresholds(max_detections=10), "rle"),
    ],
    ids=repr,
)
def test_a_header_says_it_in_text(text: str, thresholds: Thresholds, masks: Masks) -> None:
    """Spaces do not matter around a name, and do within the name of a class."""
    assert read_attributes(text, BASE, CLASSES) == Parameters(thresholds, masks)


def test_a_name_made_of_digits_goes_before_the_id() -> None:
    """The third class is called 0: who writes 0 means it, and id 1 is still the second."""
    assert read_attributes("classes=0;1", BASE, CLASSES).thresholds.classes == (1, 2)


def test_json_says_it_in_values() -> None:
    """Names and ids mixed, each class once, whatever the order."""
    given = {"confidence": 1, "iou": 0.5, "classes": ["größe", 0, 3, "0"], "max_detections": 300, "masks": "none"}
    assert override(BASE, given, CLASSES) == Parameters(Thresholds(1.0, 0.5, (0, 2, 3), 300), "none")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("confidence", "'confidence': write name=value, where name is one of confidence, iou, classes, max_det"),
        ("debug=1", "'debug=1': write name=value"),
        ("=1", "'=1': write name=value"),
        ("iou=0.1,iou=0.2", "iou is given twice"),
        ("confidence=", "confidence = '': must be a number from 0 to 1"),
        ("confidence=high", "confidence = 'high': must be a number from 0 to 1"),
        ("confidence=2", "confidence = 2.0: must be a number from 0 to 1"),
        ("iou=nan", "iou = nan: must be a number from 0 to 1"),
        ("iou=1e999", "iou = inf: must be a number from 0 to 1"),
        ("max_detections=0", "max_detections = 0: must be a whole number from 1 to 300"),
        ("max_detections=1.5", "max_detections = '1.5': must be a whole number from 1 to 300"),
        ("max_detections=" + "9" * 5000, "must be a whole number from 1 to 300"),
        ("masks=png", "masks = 'png': must be one of polygons, rle, none"),
        ("classes=", "classes = []: must name at least one class"),
        ("classes=nut", "classes: 'nut' is neither name nor id of a class; the model knows 'bolt', 'cap nut', '0'"),
        ("classes=4", "classes: 4 is neither name nor id of a class"),
        ("classes=-1", "classes: '-1' is neither name nor id of a class"),
    ],
    ids=lambda value: value[:30],
)
def test_a_header_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    """A threshold that is silently ignored would look like a worse model."""
    with pytest.raises(InvocationError) as refused:
        read_attributes(text, BASE, CLASSES)
    assert refused.value.status == 400
    assert str(refused.value).startswith("X-Amzn-SageMaker-Custom-Attributes: ")
    assert said in str(refused.value)


def test_as_many_detections_may_be_asked_for_as_the_model_finds() -> None:
    """However many that are."""
    base = Parameters(Thresholds(max_detections=1000), most=1000)
    assert read_attributes("max_detections=1000", base, CLASSES).thresholds.max_detections == 1000
    with pytest.raises(InvocationError, match="must be a whole number from 1 to 1000"):
        read_attributes("max_detections=1001", base, CLASSES)


@pytest.mark.parametrize("name", ["confidence", "iou", "classes", "max_detections", "masks"])
@pytest.mark.parametrize("value", [None, True, -1, 301, 1.5, "", "1", [True], [1.0], [None], [["bolt"]], [-1], [4], {}])
def test_a_value_of_another_kind_is_refused_by_name(name: str, value: Any) -> None:
    """``true`` is no number, a number in quotes is text."""
    with pytest.raises(InvocationError, match=f"^{name}"):
        override(BASE, {name: value}, CLASSES)


def test_of_many_classes_the_first_twenty_are_told() -> None:
    """A message stays a message."""
    with pytest.raises(InvocationError, match=r"'c19' and 60 more$"):
        override(BASE, {"classes": ["x"]}, tuple(f"c{at}" for at in range(80)))


def test_tiles_are_asked_for_by_a_word_or_left_to_the_model() -> None:
    """In a header as in JSON; what is none of the words is refused with both."""
    own = Parameters(Thresholds(), tiles="auto")
    assert read_attributes("", own, CLASSES).tiles == "auto"
    assert read_attributes("tiles=off", own, CLASSES).tiles == "off"
    assert override(BASE, {"tiles": "auto"}, CLASSES).tiles == "auto"
    for wrong in ("AUTO", 4, None, ["auto"]):
        with pytest.raises(InvocationError, match="must be one of off, auto"):
            override(BASE, {"tiles": wrong}, CLASSES)


def test_a_classifier_refuses_tiles() -> None:
    """It names whole pictures; who says so is understood."""
    classifier = Parameters(Thresholds(), tiles=None)
    assert read_attributes("tiles=off", classifier, CLASSES).tiles is None
    with pytest.raises(InvocationError, match="a classifier names whole pictures: leave tiles out"):
        read_attributes("tiles=auto", classifier, CLASSES)
