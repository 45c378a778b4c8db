"""Curves, confusions and pictures: drawn, and said in words as well."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from containers.serving.report.evidence import Confusion, ReportBox, ReportPicture
from containers.serving.report.mistakes import CURVES, confusion, curves
from containers.serving.report.pictures import pictures
from tests.containers.serving.report.example_pages import PAGES, example
from tests.containers.serving.report.page_outline import Outline

PICTURE = ReportPicture(
    "a.jpg",
    160,
    120,
    b"jpeg",
    (
        ReportBox("right", "bolt 0.93", (0.1, 0.1, 0.2, 0.2)),
        ReportBox("wrong", "nut 0.31", (0.5, 0.5, 0.6, 0.6)),
        ReportBox("missed", "nut", (0.7, 0.9, 0.9, 1)),
    ),
)


def mixed_up(names: tuple[str, ...], counts: tuple[tuple[int, ...], ...]) -> str:
    """The text about a confusion."""
    return Outline(confusion(replace(example().evidence, confusion=Confusion(names, counts)))).text


def test_all_classes_and_the_weakest_are_drawn_each_in_a_dash_of_its_own() -> None:
    """With the figure of each beside its sample; the others are counted."""
    evidence = PAGES["many"]().evidence
    section = Outline(curves(evidence))
    drawn = [str(path["class"]) for path in section.all("path") if str(path["class"]).startswith("line")]
    assert sorted(drawn) == sorted(2 * [f"line c{at}" for at in range(1, CURVES + 1)] + 2 * ["line all"])
    weakest = sorted((one for one in evidence.metrics.candidate.per_class if one.objects), key=lambda one: one.quality)
    assert [one.name in section.text for one in weakest[: CURVES + 2]] == [True] * CURVES + [False] * 2
    assert f"{weakest[0].name} mAP50 {weakest[0].map50:.3f}" in section.text
    assert f"all classes together mAP50 {evidence.metrics.candidate.map50:.3f}" in section.text
    assert "The 6 weakest of 79 classes are drawn." in section.text


def test_a_single_class_is_drawn_once() -> None:
    """Its curve is that of all."""
    paths = Outline(curves(PAGES["pose"]().evidence)).all("path")
    assert [path["class"] for path in paths if str(path["class"]).startswith("line")] == ["line all", "line all"]


def test_a_curve_lies_where_its_figures_are() -> None:
    """Perfect recall and precision are the upper right corner of the grid."""
    evidence = example().evidence
    perfect = replace(evidence.curves[0], recall=(0.0, 1.0), precision=(1.0, 1.0))
    section = Outline(curves(replace(evidence, curves=(perfect,))))
    grid = [re.findall(r"[\d.]+", path["d"] or "") for path in section.all("path") if path["class"] == "grid"]
    line = next(path["d"] for path in section.all("path") if path["class"] == "line all")
    top = min(float(numbers[1]) for numbers in grid)
    assert line == f"M40.0 {top:.1f}L370.0 {top:.1f}"


def test_a_classifier_has_no_curves() -> None:
    """It answers for every picture."""
    assert curves(PAGES["classify"]().evidence) == ""


def test_the_pairs_most_often_confused_come_first() -> None:
    """With how many of how many; what was not found at all is no confusion."""
    said = mixed_up(("bolt", "nut"), ((6, 3, 1), (4, 4, 2), (1, 0, 0)))
    assert said.index("nut mistaken for bolt : 4 of 10 (40%)") < said.index("bolt mistaken for nut : 3 of 10 (30%)")
    assert "mistaken for nothing" not in said


def test_the_matrix_has_a_row_and_a_column_for_nothing_where_things_are_found() -> None:
    """Counts stand as numbers, right ones marked by more than colour."""
    found = Outline(
        confusion(replace(example().evidence, confusion=Confusion(("a", "b"), ((7, 1, 2), (0, 5, 0), (3, 0, 0)))))
    )
    assert "a 7 1 2 b 0 5 0 nothing 3 0 0" in found.text
    shades = [cell["class"] for cell in found.all("td") if cell.get("class")]
    assert shades == ["right s4", "wrong s1", "wrong s2", "none", "right s5", "none", "wrong s5", "none", "none"]
    assert "nothing" not in mixed_up(("a", "b"), ((7, 1), (0, 5)))


def test_too_many_classes_for_a_matrix_leave_the_list() -> None:
    """Eighty columns cannot be read."""
    section = Outline(confusion(PAGES["many"]().evidence))
    assert section.all("table") == []
    assert len(section.all("li")) == 8


def test_no_confusion_is_said_too() -> None:
    """Rather than an empty list; with nothing held out the section is gone."""
    assert "No class is mistaken for another." in mixed_up(("a", "b"), ((7, 0), (0, 5)))
    assert mixed_up(("a", "b"), ((0, 0), (0, 0))) == ""


def test_every_box_is_drawn_and_counted_in_words() -> None:
    """Somebody who cannot see the picture reads what is on it."""
    section = Outline(pictures([PICTURE]))
    boxes = [box["class"] for box in section.all("rect") if "%" in str(box["x"])]
    assert boxes == ["right", "wrong", "missed"]
    assert "1 right · 1 missed (nut) · 1 wrong (nut 0.31)" in section.text
    assert section.all("img")[0]["alt"] == "held-out picture a.jpg"


@pytest.mark.parametrize("kind", ["right", "wrong", "missed"])
def test_an_outline_is_drawn_in_place_of_its_box_and_key_points_on_top_of_it(kind: str) -> None:
    """On a scale that is stretched over the picture."""
    outlined = ReportBox(kind, "cell", (0.1, 0.2, 0.5, 0.6), (((0.1, 0.2), (0.5, 0.2), (0.5, 0.6)),))
    posed = ReportBox(kind, "person", (0.1, 0.2, 0.5, 0.6), (), ((0.25, 0.5),))
    section = Outline(pictures([replace(PICTURE, boxes=(outlined, posed))]))
    assert section.all("polygon") == [{"points": "100,200 500,200 500,600"}]
    assert {"class": kind, "viewbox": "0 0 1000 1000", "preserveaspectratio": "none"} in section.all("svg")
    assert section.all("circle") == [{"class": kind, "cx": "25.00%", "cy": "50.00%", "r": "3.5"}]
    assert len([box for box in section.all("rect") if "%" in str(box["x"])]) == 1


def test_a_crowded_picture_names_its_mistakes_only() -> None:
    """Thirty names would hide the picture."""
    crowd = tuple(ReportBox("right", f"bolt 0.{at}", (0, 0, 0.1, 0.1)) for at in range(10, 40))
    shown = Outline(pictures([replace(PICTURE, boxes=(*crowd, PICTURE.boxes[1]))])).text
    assert "bolt 0.10" not in shown
    assert "✗ nut 0.31" in shown


def test_a_classifier_s_picture_has_its_caption_and_no_legend_of_boxes() -> None:
    """What is true and what was said."""
    shown = Outline(pictures([replace(PICTURE, boxes=(), caption="labelled cat, named dog 0.83")])).text
    assert "labelled cat, named dog 0.83 a.jpg" in shown
    assert "as labelled" not in shown
