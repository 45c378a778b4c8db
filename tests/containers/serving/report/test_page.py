"""The page as a whole: it holds all it needs, runs nothing, leaves out what nobody knows, and stays small."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from containers.serving.report.evidence import Confusion, Curve
from containers.serving.report.page import Page, write_page
from containers.serving.report.pictures import LARGEST_PICTURES, within
from tests.containers.serving.report.example_pages import PAGES, bare, example, tuned
from tests.containers.serving.report.page_outline import Outline
from workflow.contract.scores import Comparison
from workflow.contract.verdict import PASSED, REJECTED

EVERY = pytest.mark.parametrize("name", PAGES)
EVIL = "\"><script>alert(1)</script><!--verdict-->'&"


@EVERY
def test_every_tag_is_closed_and_headings_are_in_order(name: str) -> None:
    """One first heading, and no level is left out."""
    page = Outline(PAGES[name]().html())
    assert page.open == []
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@EVERY
def test_the_page_runs_no_script_and_asks_for_nothing(name: str) -> None:
    """Every address is a picture inside the page, and the page forbids anything else itself."""
    html = PAGES[name]().html()
    page = Outline(html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "form", "base", "a", "use"}
    for _, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("style", "href", "srcset", "action")]
        assert (attributes.get("src") or "data:image/jpeg;").startswith("data:image/jpeg;")
    assert "url(" not in html
    assert "@import" not in html
    policy = next(meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@EVERY
def test_what_is_seen_is_also_said(name: str) -> None:
    """Pictures have a text, drawings a label or a neighbour that says the same, cells of tables a header."""
    page = Outline(PAGES[name]().html())
    assert all(picture.get("alt") for picture in page.all("img"))
    outer = [svg for svg in page.all("svg") if svg.get("class") not in ("right", "wrong", "missed")]
    assert all(
        svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and svg.get("aria-label")) for svg in outer
    )
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    scrolled = [box for box in page.all("div") if box.get("class") == "scroll"]
    assert len(scrolled) == len(page.all("table"))
    assert all(box.get("tabindex") == "0" and box.get("role") == "region" and box.get("aria-label") for box in scrolled)


@EVERY
def test_the_gate_finds_one_place_for_its_verdict_above_everything_but_the_title(name: str) -> None:
    """A function puts the verdict there, and a page without one has no trace of it."""
    html = PAGES[name]().html()
    assert html.count("<!--verdict-->") == 1
    body = html.split("<body>")[1]
    assert Outline(body.split("<!--verdict-->")[0] + "</main>").text.startswith("Evaluation")
    assert "<h2>" not in body.split("<!--verdict-->")[0]
    assert 'class="verdict' not in html


@pytest.mark.parametrize("section", [PASSED, REJECTED])
def test_the_page_has_a_style_for_either_verdict(section: str) -> None:
    """The gate brings words and no styles along."""
    (names,) = re.findall(r'class="([^"]+)"', section)
    assert f".{names.replace(' ', '.')} {{" in PAGES["detect"]().html()


def test_names_from_outside_cannot_become_markup() -> None:
    """Classes, files, runs, people, settings, jobs and findings may be called anything; nothing of it becomes a tag."""
    page = hostile()
    outline = Outline(page.html())
    assert "script" not in {tag for tag, _ in outline.tags}
    assert page.html().count("<!--verdict-->") == 1
    assert outline.open == []
    assert outline.text.count("<script>alert(1)</script>") >= 40
    for _, attributes in outline.tags:
        assert not [key for key in attributes if "script" in key or key == "&"]


def test_a_page_of_which_little_is_known_has_no_empty_sections() -> None:
    """Training, data and pictures are left out with their headings, and nothing stands for what is not known."""
    text = Outline(bare().html()).text
    for heading in ("Training", "Data", "Pictures, most mistakes first", "Changes since production", "Settings"):
        assert f" {heading} " not in text
    assert "Key figures" in text
    assert "None" not in text
    assert "Started by" not in text


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"training": None}, "box loss"),
        ({"dataset": None}, "What the check of the data found"),
        ({"champion_dataset": None}, "Changes since production"),
        ({"contact_sheet": None}, "Samples, with their labels drawn"),
        ({"preparation": None}, "Preparation"),
        ({"record": None}, "Started by"),
    ],
)
def test_each_part_goes_on_its_own(missing: Mapping[str, Any], said: str) -> None:
    """What one document told is there with it and gone without it; all else stays."""
    assert said in Outline(example().html()).text
    without = Outline(replace(example(), **missing).html())
    assert said not in without.text
    assert without.open == []
    assert "The numbers behind this" in without.text


def test_a_page_of_300_pictures_and_80_classes_is_below_4_mb(tmp_path: Path) -> None:
    """Even with large pictures: those that no longer fit are left out."""
    page = PAGES["many"]()
    heavy = tuple(replace(one, jpeg=os.urandom(200_000)) for one in page.evidence.pictures)
    page = replace(page, evidence=replace(page.evidence, pictures=heavy), contact_sheet=os.urandom(690_000))
    write_page(tmp_path / "report", page)
    assert 2_500_000 < (tmp_path / "report" / "index.html").stat().st_size < 4_000_000


def test_the_worst_pictures_are_those_that_stay() -> None:
    """The first ones, up to the bound."""
    pictures = example().evidence.pictures
    assert within(pictures, sum(len(one.jpeg) for one in pictures[:2])) == list(pictures[:2])
    assert within(pictures, LARGEST_PICTURES) == list(pictures)


def test_an_enormous_contact_sheet_is_left_out() -> None:
    """Rather than a page that a phone cannot load."""
    assert "Samples" not in Outline(replace(example(), contact_sheet=bytes(800_000)).html()).text


def hostile() -> Page:
    """A page on which every name is a piece of markup."""
    page = tuned()
    metrics, dataset = page.evidence.metrics, page.dataset
    assert metrics.champion
    assert dataset
    scores = tuple(replace(score, name=f"{EVIL}{at}") for at, score in enumerate(metrics.candidate.per_class))
    candidate = replace(metrics.candidate, per_class=scores, model_digest=EVIL, archive_digest=EVIL)
    metrics = replace(
        metrics,
        candidate=candidate,
        champion=replace(metrics.champion, model_digest=EVIL),
        comparison=metrics.comparison and Comparison(metrics.comparison.overall, {}),
        dataset_digest=EVIL,
        code_digest=EVIL,
        container=EVIL,
    )
    pictures = tuple(
        replace(one, name=EVIL, caption=EVIL if at else "", boxes=tuple(replace(box, label=EVIL) for box in one.boxes))
        for at, one in enumerate(page.evidence.pictures)
    )
    curves = tuple(Curve(f"{EVIL}{at}", one.recall, one.precision) for at, one in enumerate(page.evidence.curves))
    names = tuple(f"{EVIL}{at}" for at in range(len(page.evidence.confusion.names)))
    confusion = Confusion(names, page.evidence.confusion.counts)
    found = replace(
        dataset,
        classes=names,
        class_counts=tuple(replace(one, name=EVIL, objects={EVIL: 3}) for one in dataset.class_counts),
        splits={EVIL: dataset.splits["train"]},
        sizes={EVIL: 3},
        counted={EVIL: 4},
        findings=tuple(replace(one, file=EVIL, message=EVIL, kind=EVIL, action=EVIL) for one in dataset.findings),
    )
    record = {
        "started_by": EVIL,
        "reason": EVIL,
        "training": {"hyperparameters": {EVIL: EVIL, "epochs": EVIL}, "instance": EVIL},
        "instances": {"processing": EVIL},
        "thresholds": {EVIL: {EVIL: EVIL}},
    }
    assert page.training
    epochs = [{"epoch": 1, "quality": 0.5, f"{EVIL}loss": 2.0}, {"epoch": 2, "quality": 0.6, f"{EVIL}loss": 1.0}]
    training = {**page.training, "instance": EVIL, "resumed_after": EVIL, "epochs": epochs}
    trials = [
        {
            "TrainingJobName": EVIL,
            "TrainingJobStatus": EVIL,
            "TunedHyperParameters": {EVIL: EVIL},
            "TrainingStartTime": EVIL,
            "TrainingEndTime": EVIL,
        }
    ]
    evidence = replace(page.evidence, metrics=metrics, pictures=pictures, curves=curves, confusion=confusion)
    former = replace(found, digest="0", splits={}, classes=(f"{EVIL}gone",)).document()
    return replace(
        page,
        run=EVIL,
        evidence=evidence,
        record=record,
        training=training,
        trials=trials,
        dataset=found,
        champion_dataset=former,
    )
