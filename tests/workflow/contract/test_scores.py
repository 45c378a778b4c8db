"""``metrics.json``: what is written can be read, and nothing that is no figure passes for one."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.contract.damage import json_values, places, replaced
from workflow.contract.model import TASKS
from workflow.contract.reading import ContractError
from workflow.contract.scores import (
    FIGURE_NAMES,
    QUALITY,
    ClassScore,
    Comparison,
    Interval,
    Lead,
    Metrics,
    ModelScore,
    figures_of,
)

fractions = st.floats(0, 1)
names = st.text(max_size=8)
counts = st.integers(0, 10**6)
amounts = st.floats(0, 1e6)
intervals = st.tuples(fractions, fractions).map(lambda pair: Interval(min(pair), max(pair)))


def leads() -> st.SearchStrategy[Lead]:
    """A lead, with or without its interval."""
    wide = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(lambda pair: (min(pair), max(pair)))
    return st.builds(lambda value, ends: Lead(value, *ends), st.floats(-1, 1), st.just((None, None)) | wide)


def class_scores(task: str) -> st.SearchStrategy[ClassScore]:
    """Figures of one class of a task."""
    boxes = st.none() if task == "classify" else fractions
    shares = dict.fromkeys(("precision", "recall", "f1", "quality"), fractions)
    return st.builds(
        ClassScore,
        name=names,
        objects=counts,
        map50=boxes,
        map50_95=boxes,
        **shares,
        interval=st.none() | intervals,
    )


def scores(task: str) -> st.SearchStrategy[ModelScore]:
    """Figures of one model of a task."""
    return st.builds(
        ModelScore,
        **{name: fractions if name in figures_of(task) else st.none() for name in FIGURE_NAMES},
        model_digest=names,
        archive_digest=names,
        per_class=st.lists(class_scores(task), max_size=3).map(tuple),
        latency_p50_ms=amounts,
        latency_p99_ms=amounts,
        model_bytes=counts,
        model_package_arn=names,
        package_version=counts,
        intervals=st.dictionaries(st.sampled_from(figures_of(task)), intervals, max_size=2),
    )


@st.composite
def metrics(draw: st.DrawFn) -> Metrics:
    """A whole document of any task."""
    task = draw(st.sampled_from(TASKS))
    comparisons = st.builds(Comparison, overall=leads(), per_class=st.dictionaries(names, leads(), max_size=2))
    return Metrics(
        dataset_digest=draw(names),
        images=draw(counts),
        objects=draw(counts),
        confidence=draw(fractions),
        candidate=draw(scores(task)),
        champion=draw(st.none() | scores(task)),
        task=task,
        comparison=draw(st.none() | comparisons),
        code_digest=draw(names),
        container=draw(names),
    )


@given(metrics())
def test_metrics_are_read_as_they_were_written(written: Metrics) -> None:
    """Writing and reading are one another's inverse, through JSON, for every task."""
    text = json.dumps(written.document())
    assert Metrics.parse(json.loads(text)) == written
    assert json.dumps(Metrics.parse(json.loads(text)).document()) == text


def score(task: str = "detect", **changes: Any) -> ModelScore:
    """A model that scores 0.9 in everything its task has."""
    figures = {name: 0.9 if name in figures_of(task) else None for name in FIGURE_NAMES}
    box = None if task == "classify" else 0.9
    values: dict[str, Any] = {
        **figures,
        "model_digest": "a" * 64,
        "archive_digest": "b" * 64,
        "per_class": (ClassScore("bolt", 12, box, box, 0.9, 0.8, 0.85, 0.7, Interval(0.6, 0.8)),),
        "latency_p50_ms": 12.0,
        "latency_p99_ms": 20.0,
        "model_bytes": 12_000_000,
        "intervals": {QUALITY[task]: Interval(0.8, 0.95)},
    }
    return ModelScore(**(values | changes))


def document(task: str = "detect") -> dict[str, Any]:
    """``metrics.json`` of two models."""
    champion = score(task, model_package_arn="arn:aws:sagemaker:us-east-1:1:model-package/g/3", package_version=3)
    comparison = Comparison(Lead(0.1, -0.1, 0.2), {"bolt": Lead(0.0, None, None)})
    whole = Metrics("d" * 64, 16, 40, 0.25, score(task), champion, task=task, comparison=comparison)
    written: dict[str, Any] = json.loads(json.dumps(whole.document()))
    return written


@pytest.mark.parametrize("task", TASKS)
def test_the_quality_of_a_document_is_the_figure_of_its_task(task: str) -> None:
    """And it is one of those that the task has."""
    found = Metrics.parse(replaced(document(task), ("candidate", QUALITY[task]), 0.123))
    assert found.quality == 0.123
    assert QUALITY[task] in figures_of(task)


def test_every_figure_has_a_name_and_a_field() -> None:
    """Figures are found by name in the documents and shown by name to people."""
    fields = {field.name for field in dataclasses.fields(ModelScore)}
    assert set(FIGURE_NAMES) <= fields
    assert {name for task in TASKS for name in figures_of(task)} == set(FIGURE_NAMES)


@pytest.mark.parametrize("value", [None, "0.9", float("nan"), float("inf"), True, -0.1, 1.1])
@pytest.mark.parametrize("who", ["candidate", "champion"])
@pytest.mark.parametrize(("task", "figure"), [(task, figure) for task in TASKS for figure in figures_of(task)])
def test_a_figure_that_is_no_fraction_is_refused(task: str, figure: str, who: str, value: Any) -> None:
    """A missing, textual, NaN or impossible figure never passes for a number."""
    with pytest.raises(ContractError, match=f"{who}.{figure}"):
        Metrics.parse(replaced(document(task), (who, figure), value))


@pytest.mark.parametrize("task", TASKS)
def test_a_figure_that_the_task_does_not_have_is_refused(task: str) -> None:
    """A number there would be somebody else's."""
    for figure in set(FIGURE_NAMES) - set(figures_of(task)):
        with pytest.raises(ContractError, match=f"{figure}: must be null for this task"):
            Metrics.parse(replaced(document(task), ("candidate", figure), 0.5))


@pytest.mark.parametrize("key", ["champion", "comparison"])
def test_a_missing_part_is_not_the_same_as_none(key: str) -> None:
    """Only an explicit null says that there is no champion."""
    found = document()
    assert Metrics.parse({**found, key: None})
    del found[key]
    with pytest.raises(ContractError, match=f"{key}: missing"):
        Metrics.parse(found)


@pytest.mark.parametrize("ends", [(0.2, 0.1), (None, 0.1), (0.1, None), (float("nan"), 0.1), ("0", 0.1)])
def test_a_lead_with_half_an_interval_or_one_upside_down_is_refused(ends: tuple[Any, Any]) -> None:
    """It would excuse a loss."""
    low, high = ends
    with pytest.raises(ContractError, match=r"comparison\.overall"):
        Metrics.parse(replaced(document(), ("comparison", "overall"), {"value": 0.0, "low": low, "high": high}))


def test_an_interval_upside_down_is_refused() -> None:
    """Of a model and of a class."""
    for path in (("candidate", "intervals", "map50_95"), ("candidate", "per_class", 0, "interval")):
        with pytest.raises(ContractError, match=r"low 0\.9 is above high 0\.1"):
            Metrics.parse(replaced(document(), path, {"low": 0.9, "high": 0.1}))


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused(version: Any) -> None:
    """A reader never guesses at a document it does not know."""
    with pytest.raises(ContractError, match="version"):
        Metrics.parse({**document(), "version": version})


@given(task=st.sampled_from(TASKS), data=st.data(), value=json_values)
def test_any_damage_is_read_whole_or_refused(task: str, data: st.DataObject, value: Any) -> None:
    """Nothing but ContractError comes out of a damaged document, and what is read can be written."""
    written = document(task)
    damaged = replaced(written, data.draw(st.sampled_from(list(places(written)))), value)
    try:
        found = Metrics.parse(damaged)
    except ContractError:
        return
    assert Metrics.parse(json.loads(json.dumps(found.document()))) == found
