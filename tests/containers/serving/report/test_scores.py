"""The figures on the page are those of ``metrics.json``, told beside production's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from containers.serving.report.page import Page
from tests.containers.serving.report.example_pages import COCO, PAGES, bare, example
from tests.containers.serving.report.page_outline import Outline
from workflow.contract.outcome import Counted
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Comparison, Lead, Metrics, figures_of


def text(page: Page) -> str:
    return Outline(page.html()).text


def changed(page: Page, **metrics: Any) -> Page:
    """The page with some of its metrics replaced."""
    return replace(page, evidence=replace(page.evidence, metrics=replace(page.evidence.metrics, **metrics)))


def leading(value: float, low: float | None, high: float | None) -> str:
    """The text of a page whose candidate leads by so much."""
    page = example()
    comparison = page.evidence.metrics.comparison
    assert comparison
    return text(changed(page, comparison=Comparison(Lead(value, low, high), comparison.per_class)))


@pytest.mark.parametrize("name", ["detect", "first", "pose", "segment", "obb", "classify", "many", "bare"])
def test_every_figure_of_the_task_is_shown_beside_production_s(name: str) -> None:
    """With its interval where there is one, and no figure that the task does not have."""
    metrics = PAGES[name]().evidence.metrics
    shown = text(PAGES[name]())
    cards = shown.split("Key figures")[1].split("Classes, weakest first")[0]
    for figure in figures_of(metrics.task):
        value, interval = metrics.candidate.figure(figure), metrics.candidate.intervals.get(figure)
        beside = f" ({interval.low:.3f}–{interval.high:.3f})" if interval else ""
        decides = ", which decides" if figure == QUALITY[metrics.task] else ""
        assert f"{FIGURE_NAMES[figure].lower()}{decides} {value:.3f}{beside}".lower() in cards.lower()
        if metrics.champion:
            assert f"{metrics.champion.figure(figure):.3f}" in cards
    for figure in set(FIGURE_NAMES) - set(figures_of(metrics.task)):
        assert f" {FIGURE_NAMES[figure].lower()} 0." not in cards.lower()


def test_what_people_say_of_production_stands_beside_its_held_out_figures() -> None:
    """With intervals; without boxes a sentence alone; nothing where nobody said anything, or without a champion."""
    page, heading = example(), "What people say of production"
    shown = text(page).split(heading)[1].split("Classes, weakest first")[0]
    assert "People judged 255 answers of production's model, given from 2026-11-02 to 2026-11-20" in shown
    assert "0.898 (0.855–0.929) were right" in shown
    champion = page.evidence.metrics.champion
    assert champion is not None
    assert f"Precision {champion.precision:.3f} " in shown
    assert " 0.950 (0.892–0.978)" in shown
    assert "over 85 answers" in shown
    assert page.real is not None
    bare_words = text(replace(page, real=replace(page.real, boxed=0, precision=None, recall=None)))
    assert heading in bare_words
    assert "IoU 0.5" not in bare_words.split(heading)[1].split("Classes, weakest first")[0]
    for without in (replace(page, real=None), changed(page, champion=None, comparison=None)):
        assert heading not in text(without)


@pytest.mark.parametrize("name", ["detect", "pose", "classify"])
def test_every_class_stands_in_the_table_with_its_figures_weakest_first(name: str) -> None:
    """In the order of the figure that decides; a class without objects is only named."""
    metrics = PAGES[name]().evidence.metrics
    table = text(PAGES[name]()).split("Classes, weakest first")[1]
    scores = sorted((one for one in metrics.candidate.per_class if one.objects), key=lambda score: score.quality)
    places = [table.index(f" {one.name} {one.objects} {one.quality:.3f} ") for one in scores]
    assert places == sorted(places)
    for one in scores:
        assert f" {one.precision:.3f} {'' if name == 'classify' else f'{one.recall:.3f} '}{one.f1:.3f} " in table
    for one in metrics.candidate.per_class:
        if not one.objects:
            assert f"No object among the held-out pictures: {one.name}." in table


def test_better_and_worse_are_told_by_word_arrow_and_sign() -> None:
    """Not by colour alone."""
    metrics = example().evidence.metrics
    assert metrics.champion
    page = changed(
        example(), champion=replace(metrics.champion, recall=metrics.candidate.recall + 0.1, f1=metrics.candidate.f1)
    )
    shown = text(page)
    assert re.search(r"Recall 0\.\d+ \(.{11}\) ▼ −0\.100 worse production 0\.", shown)
    assert re.search(r"Precision 0\.\d+ \(.{11}\) ▲ \+0\.0\d\d better production 0\.", shown)
    assert re.search(r"F1 0\.\d+ \(.{11}\) no change production 0\.", shown)


def test_the_first_model_is_compared_with_nothing() -> None:
    """No column and no figure of production."""
    shown = text(example(champion=False))
    assert "No model in production was measured beside it" in shown
    assert "better" not in shown.split("Training")[0]
    assert "Compared with production" not in shown
    assert "Model in production" not in shown


def test_chance_is_told_apart_from_a_lead() -> None:
    """Around zero, above zero, below zero, exactly zero, unknown."""
    within = "the lead would lie between −0.100 and +0.020: the difference may be due to chance"
    assert within in leading(-0.04, -0.1, 0.02)
    assert "The lead, between +0.010 and +0.200, is not due to chance" in leading(0.1, 0.01, 0.2)
    assert "falls behind, between −0.200 and −0.100, and that is not due to chance" in leading(-0.15, -0.2, -0.1)
    assert "Both score the same on every draw" in leading(0, 0, 0)
    assert "would lie" not in leading(0.1, None, None)
    assert "Too few pictures to say how much of a figure is due to chance" in text(bare())


def test_a_class_s_lead_says_whether_it_may_be_chance() -> None:
    """The lead that the comparison holds, not a difference computed anew."""
    page = example()
    scores = {one.name: one for one in page.evidence.metrics.candidate.per_class}
    leads = {
        "bolt": Lead(0.0444, 0.01, 0.07),
        "washer": Lead(-0.02, None, None),
        "hexagonal nut": Lead(-0.03, -0.05, -0.01),
    }
    shown = text(changed(page, comparison=Comparison(Lead(0, -1, 1), leads)))
    assert re.search(rf"bolt {scores['bolt'].objects} \S+ \S+ ▲ \+0\.044 better not due to chance", shown)
    assert "▼ −0.020 worse too few pictures to tell" in shown
    assert "▼ −0.030 worse not due to chance" in shown


def test_a_class_that_production_does_not_know_is_new() -> None:
    """Not a comparison with zero."""
    assert re.search(r"wing nut \d+ 0\.\d+ \(\S+\) new ", text(example()))


def test_of_many_classes_the_weakest_twelve_are_open_and_the_others_unfold() -> None:
    """The rest is still on the page."""
    html = PAGES["many"]().html().split("Classes, weakest first")[1].split("Precision and recall")[0]
    opened, folded = html.split("<details>")
    assert opened.count('<th scope="row">') == 12
    assert folded.count('<th scope="row">') == len(COCO) - 1 - 12
    assert "<summary>67 more classes, stronger than these</summary>" in folded


def test_the_outcome_is_said_in_one_sentence() -> None:
    """Objects found and detections that are wrong, of a classifier pictures; production's beside it."""
    page = replace(example(), evidence=replace(example().evidence, missed=3, wrong=1, production=Counted(90, 7)))
    objects = page.evidence.metrics.objects
    said = f"Finds {objects - 3} of {objects} objects in 40 held-out pictures, 1 wrong."
    assert f"{said} Production: 90 of {objects}, 7 wrong." in text(page)
    classifier = replace(example("classify"), evidence=replace(example("classify").evidence, wrong=4, production=None))
    assert "Names 36 of 40 held-out pictures correctly, 4 wrong. Names what a picture shows" in text(classifier)


def test_nothing_held_out_still_makes_a_page() -> None:
    """An empty held-out set is the gate's matter, not a crash."""
    page = bare()
    candidate = replace(page.evidence.metrics.candidate, per_class=())
    metrics: Metrics = replace(page.evidence.metrics, images=0, objects=0, candidate=candidate)
    shown = text(replace(page, evidence=replace(page.evidence, metrics=metrics, missed=0, wrong=0, curves=())))
    assert "0 held-out pictures" in shown
    assert "Classes, weakest first" not in shown
