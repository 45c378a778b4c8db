"""The page says what the figures say, holds all it needs and runs nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from containers.serving.interval import Interval
from containers.serving.report import Report, ReportBox, ReportPicture
from workflow.contract import ClassScore, Metrics, ModelScore

CANDIDATE = ModelScore(
    model_digest="c" * 64,
    archive_digest="a" * 64,
    map50=0.9,
    map50_95=0.7,
    precision=0.8,
    recall=0.6,
    per_class=(ClassScore("bolt", 9, 0.95, 0.7, 0.8, 0.6), ClassScore("nut", 4, 0.85, 0.7, 0.8, 0.6)),
    latency_p50_ms=12,
    latency_p99_ms=30,
    model_bytes=12_100_000,
)
CHAMPION = replace(CANDIDATE, map50=0.85, map50_95=0.75, package_version=3, model_digest="p" * 64)
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


def report(champion: ModelScore | None = CHAMPION, **changes: object) -> Report:
    metrics = Metrics("d" * 64, 16, 13, 0.25, CANDIDATE, champion)
    page = Report("run-1", metrics, 3, 1, Interval(0.6, 0.8), Interval(-0.1, 0.02), (PICTURE,))
    return replace(page, **changes)


class Outline(HTMLParser):
    """Tags with their attributes, and the text as a reader sees it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != [("style", {})]:
            self.text += f" {data}"


def text(page: Report) -> str:
    return re.sub(r"\s+", " ", Outline(page.html()).text)


def test_candidate_and_champion_stand_side_by_side() -> None:
    """Better and worse are told by word, arrow and sign, not by colour alone."""
    shown = text(report())
    assert "mAP50 0.900 ▲ +0.050 better production 0.850" in shown
    assert "mAP50-95 0.700 ▼ −0.050 worse production 0.750" in shown
    assert "Recall at confidence 0.25 0.600 no change production 0.600" in shown
    assert "version 3" in shown


def test_the_first_model_is_compared_with_nothing() -> None:
    """No column and no figure of production."""
    shown = text(report(champion=None, lead=None))
    assert "No model is in production yet" in shown
    assert "better" not in shown
    assert "Against production" not in shown


def test_chance_is_told_apart_from_a_lead() -> None:
    """Below zero, around zero, above zero, exactly zero, unknown."""
    assert "may be chance" in text(report())
    assert "is more than chance" in text(report(lead=Interval(0.01, 0.2)))
    assert "falls behind production by more than chance" in text(report(lead=Interval(-0.2, -0.1)))
    assert "the same on every draw" in text(report(lead=Interval(0, 0)))
    assert "Too few pictures" in text(report(interval=None, lead=None))


def test_the_weakest_class_comes_first_and_empty_classes_are_only_named() -> None:
    """An approver looks at the top of a table."""
    empty = ClassScore("washer", 0, 0, 0, 0, 0)
    metrics = replace(report().metrics, candidate=replace(CANDIDATE, per_class=(*CANDIDATE.per_class, empty)))
    shown = text(report(metrics=metrics))
    assert shown.index(" nut 4 ") < shown.index(" bolt 9 ")
    assert "Held out without an object: washer." in shown


def test_a_class_that_production_does_not_know_is_new() -> None:
    """Not a comparison with zero."""
    known = replace(CHAMPION, per_class=CHAMPION.per_class[:1])
    assert re.search(r"nut 4 0\.850 new", text(report(champion=known)))


def test_every_box_is_drawn_and_counted_in_words() -> None:
    """Somebody who cannot see the picture reads what is on it."""
    page = Outline(report().html())
    kinds = [
        attributes.get("class") for tag, attributes in page.tags if tag == "rect" and "%" in str(attributes.get("x"))
    ]
    assert kinds == ["right", "wrong", "missed"]
    assert "1 right · 1 missed (nut) · 1 wrong (nut 0.31)" in page.text


def test_a_crowded_picture_names_its_mistakes_only() -> None:
    """Thirty names would hide the picture."""
    crowd = tuple(ReportBox("right", f"bolt 0.{at}", (0, 0, 0.1, 0.1)) for at in range(10, 40))
    shown = text(report(pictures=(replace(PICTURE, boxes=(*crowd, PICTURE.boxes[1])),)))
    assert "bolt 0.10" not in shown
    assert "✗ nut 0.31" in shown


def test_the_page_runs_no_script_and_asks_for_nothing() -> None:
    """Every address is a picture inside the page."""
    page = Outline(report().html())
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "form", "base"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "srcset", "action"):
            assert (attributes.get(name) or "data:image/jpeg;").startswith("data:image/jpeg;")
    assert "url(" not in report().html()
    assert "@import" not in report().html()


def test_names_from_the_data_cannot_become_markup() -> None:
    """A class, a file and a run may be called anything."""
    evil = '"><script>alert(1)</script>'
    box = ReportBox("wrong", f"{evil} 0.5", (0, 0, 1, 1))
    metrics = replace(
        report().metrics,
        candidate=replace(CANDIDATE, per_class=(ClassScore(evil, 1, 0, 0, 0, 0),)),
        dataset_digest=evil,
    )
    picture = replace(PICTURE, name=evil, boxes=(box,))
    page = Outline(report(run=evil, metrics=metrics, pictures=(picture,)).html())
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count("<script>alert(1)</script>") >= 5


def test_no_picture_and_no_object_still_make_a_page() -> None:
    """An empty held-out set is the gate's matter, not a crash."""
    metrics = replace(report().metrics, images=0, objects=0)
    assert "0 held-out pictures" in text(
        report(metrics=metrics, missed=0, wrong=0, interval=None, lead=None, pictures=())
    )
