"""The registered properties of a version: what is written is read, and only the registry knows a word for unknown."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given

from tests.workflow.contract.test_scores import metrics, score
from workflow.contract.model import TASKS
from workflow.contract.package_properties import Origin, PackageProperties, RegisteredFigures
from workflow.contract.reading import ContractError
from workflow.contract.scores import QUALITY, Metrics

REGISTERED = {
    "fingerprint": "f" * 64,
    "build_execution": "arn:aws:states:us-east-1:123456789012:execution:greenlight-build:one",
    "dataset_name": "fasteners",
    "dataset_uri": "s3://bucket/datasets/fasteners/",
    "dataset_digest": "d" * 64,
    "evaluation_uri": "s3://bucket/runs/one/evaluation/",
    "report_uri": "s3://bucket/runs/one/evaluation/report/index.html",
    "training_job": "one-train-0-0",
    "training_instance": "ml.g5.xlarge",
    "model_digest": "a" * 64,
    "archive_digest": "b" * 64,
    "endpoint_instance": "ml.c7i.xlarge",
    "evaluation_digest": "c" * 64,
    "smoke_digest": "7" * 64,
    "serving": "serve=realtime",
    "task": "detect",
    "quality_name": "map50_95",
    "quality": "0.81",
    "map50": "0.964",
    "map50_95": "0.81",
    "precision": "0.9",
    "recall": "0.95",
    "images": "16",
    "serves_in": "bf16",
}
"""Every property, as the registry has had them since there were tasks."""


def test_every_property_is_read() -> None:
    """By the names under which earlier versions were registered."""
    found = PackageProperties.parse(REGISTERED)
    assert {**dataclasses.asdict(found.origin), **found.figures.properties()} == REGISTERED
    assert found.figures == RegisteredFigures("detect", "map50_95", 0.81, 0.964, 0.81, 0.9, 0.95, 16, "bf16")


@given(metrics())
def test_figures_are_read_as_they_were_registered(measured: Metrics) -> None:
    """Of every task, unknown ones among them."""
    figures = RegisteredFigures.of(measured)
    written = figures.properties()
    assert all(isinstance(text, str) and text for text in written.values())
    assert PackageProperties.parse({**REGISTERED, **written}).figures == figures


@pytest.mark.parametrize("task", TASKS)
def test_the_figure_that_decides_is_shown_under_its_own_name(task: str) -> None:
    """Whatever the registry calls it."""
    measured = Metrics("d" * 64, 16, 40, 0.25, score(task, **{QUALITY[task]: 0.123}), None, task=task)
    shown = RegisteredFigures.of(measured).by_name()
    assert (shown.task, shown.values[QUALITY[task]]) == (task, 0.123)


@pytest.mark.parametrize("text", ["none", ""])
def test_an_unknown_figure_is_none_however_it_was_registered(text: str) -> None:
    """Versions of two ages, and those without the property."""
    assert PackageProperties.parse({**REGISTERED, "map50": text}).figures.map50 is None
    del (without := dict(REGISTERED))["map50"]
    assert PackageProperties.parse(without).figures.map50 is None


def test_a_version_from_before_its_precision_was_told_is_read() -> None:
    """It serves, and may be released and brought back, as ever."""
    del (without := dict(REGISTERED))["serves_in"]
    assert PackageProperties.parse(without).figures.serves_in is None


def test_a_version_that_names_no_task_finds_boxes() -> None:
    """It is compared by what was the only figure then."""
    old = {name: text for name, text in REGISTERED.items() if name not in ("task", "quality_name", "quality")}
    assert PackageProperties.parse(old).figures == PackageProperties.parse(REGISTERED).figures


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("model_digest", text) for text in ("", "short", "A" * 64)),
        *(("archive_digest", text) for text in ("", "none")),
        *(("dataset_uri", text) for text in ("", "https://example.com/x")),
        ("evaluation_uri", "s3://bucket/runs/one/evaluation"),
        ("report_uri", ""),
        *(("task", text) for text in ("", "walk")),
        *(("map50", text) for text in ("nan", "inf", "good", "0,9")),
        *(("images", text) for text in ("1.5", "many")),
    ],
)
def test_a_property_that_a_release_cannot_trust_is_named(name: str, text: str) -> None:
    """With what was found."""
    with pytest.raises(ContractError, match=rf"^properties\.{name}: must be .*, found"):
        PackageProperties.parse({**REGISTERED, name: text})


@pytest.mark.parametrize(
    "described", [{}, {"CustomerMetadataProperties": {}}, {"CustomerMetadataProperties": {"task": "walk"}}]
)
def test_the_origin_of_what_somebody_else_registered_is_empty(described: dict[str, Any]) -> None:
    """It is no error: it only is no version of this flow."""
    assert set(dataclasses.asdict(Origin.of(described)).values()) == {""}


def test_the_origin_of_a_version_is_read_without_its_figures() -> None:
    """By the planning of the next run, and by whoever asks what production learned from."""
    found = Origin.of({"CustomerMetadataProperties": {**REGISTERED, "map50": "good"}})
    assert (found.fingerprint, found.dataset_name) == ("f" * 64, "fasteners")
