"""The data of a run as the page tells it, and what changed in it since production."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from containers.serving.report.data import data
from tests.containers.serving.report.example_pages import example
from tests.containers.serving.report.page_outline import Outline
from workflow.contract.dataset_report import ClassCount, DatasetReport, Finding, SplitCount

NOW = DatasetReport(
    digest="a",
    classes=("bolt", "nut"),
    splits={"train": SplitCount(100, 250), "validation": SplitCount(10, 20), "test": SplitCount(1, 1)},
    errors=0,
    warnings=0,
    findings=(),
    class_counts=(
        ClassCount("bolt", {"train": 200, "validation": 15, "test": 1}, 31.6),
        ClassCount("nut", {"train": 50, "validation": 5, "test": 0}, 12.2),
    ),
    sizes={"640x480": 90, "64x64": 21},
)
THEN = replace(
    NOW,
    digest="b",
    classes=("bolt", "pin"),
    splits={**NOW.splits, "train": SplitCount(90, 260)},
    class_counts=(
        ClassCount("bolt", {"train": 190, "validation": 15, "test": 1}),
        ClassCount("pin", {"train": 70, "validation": 5, "test": 0}),
    ),
)


def text(
    now: DatasetReport | None, then: Mapping[str, Any] | None = None, record: Mapping[str, Any] | None = None
) -> str:
    return Outline(data(now, then, None, record)).text


def test_splits_classes_and_sizes_are_counted() -> None:
    """The rarest class first, because it is the one that is learned worst."""
    shown = text(NOW)
    assert "train 100 pictures, 250 objects validation 10 pictures, 20 objects test 1 picture, 1 object" in shown
    assert "Picture sizes: 640×480 (90), 64×64 (21)." in shown
    assert "Class train validation test Usual side nut 50 5 0 12 px bolt 200 15 1 32 px" in shown


def test_a_classifier_s_data_counts_pictures_only() -> None:
    """It has no objects and no sides."""
    pictures = tuple(replace(one, median_side=0.0) for one in NOW.class_counts)
    shown = text(replace(NOW, task="classify", class_counts=pictures), replace(THEN, task="classify").document())
    assert "object" not in shown.lower()
    assert "px" not in shown
    assert "Pictures of each class, rarest first" in shown


def test_findings_are_counted_with_what_was_done_about_them() -> None:
    """By the report itself, else by the run's policy, else by the usual one."""
    counted = {"repeated-object": 3, "missing-label": 2, "outside-image": 7, "crowd": 0}
    finding = Finding("warning", "labels/1.txt", 4, "half outside", "outside-image", "repaired")
    found = replace(NOW, counted=counted, warnings=12, findings=(finding,))
    shown = text(found, record={"preparation": {"policy": {"missing-label": "drop", "outside-image": "drop"}}})
    assert "outside image draw the object inside the picture, or repair to clip it 7 repaired" in shown
    assert "missing label taken as a picture without objects 2 dropped" in shown
    assert "repeated object the same row stands there twice 3 dropped" in shown
    assert "crowd" not in shown
    assert "labels/1.txt:4: half outside" in shown
    assert "And 11 more." in shown


def test_nothing_found_is_good_news_and_said() -> None:
    """Instead of an empty table."""
    assert "Nothing wrong with pictures and labels." in text(NOW)


def test_the_same_data_is_said_in_a_sentence() -> None:
    """By the digest, which covers every byte."""
    shown = text(NOW, NOW.document())
    assert "The same data" in shown
    assert "Removed classes" not in shown


def test_what_changed_since_production_is_counted_by_split_and_class() -> None:
    """Pictures and objects added and removed, classes new and gone, the largest change first."""
    shown = text(NOW, THEN.document())
    assert "New classes: nut . Removed classes: pin ." in shown
    assert "train 100 +10 250 −10 validation 10 same 20 same test 1 same 1 same" in shown
    changes = "pin 0 −70 0 −5 0 same nut 50 +50 5 +5 0 same bolt 200 +10 15 same 1 same"
    assert f"Objects of train validation test {changes}" in shown


def test_other_bytes_with_the_same_counts_are_no_silence() -> None:
    """Boxes drawn anew change no count."""
    shown = text(NOW, replace(NOW, digest="b").document())
    assert "As many pictures and objects as before, but not the same" in shown
    assert "The classes are the same." in shown


def test_an_unreadable_description_of_production_s_data_is_named_and_stops_nothing() -> None:
    """An older archive may describe its data otherwise."""
    assert re.search(r"The data of production cannot be read: \S+.* 99", text(NOW, {"version": 99}))
    assert "Changes since production" not in text(NOW, None)


def test_without_a_report_there_is_nothing_to_say() -> None:
    """Not even of production."""
    assert text(None, THEN.document()) == ""
    assert example().dataset is not None
