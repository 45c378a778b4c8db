"""The gate's documents: what it writes down, and what it hands on is read as it was written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.workflow.contract.damage import replaced
from workflow.contract.document import read, render
from workflow.contract.figures import CandidateFigures, ChampionFigures, Figures
from workflow.contract.gate import GateVerdict, Judged, PassedGate
from workflow.contract.reading import ContractError
from workflow.contract.scores import FIGURE_NAMES, Comparison, Interval, Lead

VALUES: dict[str, float | None] = {**dict.fromkeys(FIGURE_NAMES), "map50": 0.9, "map50_95": 0.7}
CANDIDATE = CandidateFigures("detect", VALUES, 16, {"map50": Interval(0.8, 0.95)})
CHAMPION = ChampionFigures(VALUES, 3)
COMPARISON = Comparison(Lead(0.0, None, None), {"bolt": Lead(-0.1, -0.2, 0.1)})
JUDGED = Judged("a" * 64, "b" * 64, "d" * 64, CANDIDATE, CHAMPION, COMPARISON)
VERDICT = GateVerdict(True, "passed", ("good",), {"minimum_map50": 0.5}, JUDGED)
PASSED = PassedGate(
    *(True, "passed", ("good",), "a" * 64, "b" * 64, "c" * 64, "7" * 64),
    *("s3://bucket/model", "s3://bucket/report", "s3://bucket/metrics"),
    metrics=CANDIDATE,
    champion=CHAMPION,
    properties={"task": "detect"},
)


def test_the_verdict_has_what_was_judged_beside_the_decision() -> None:
    """Whoever asks later finds one level of keys."""
    assert list(VERDICT.document()) == [
        *("version", "passed", "summary", "reasons", "thresholds"),
        *("model_digest", "archive_digest", "dataset_digest", "metrics", "champion", "comparison"),
    ]
    assert list(VERDICT.document()["metrics"]) == ["task", *FIGURE_NAMES, "images", "intervals"]
    assert list(VERDICT.document()["champion"]) == [*FIGURE_NAMES, "package_version"]
    assert VERDICT.document()["comparison"]["per_class"] == {"bolt": {"value": -0.1, "low": -0.2, "high": 0.1}}


def test_a_verdict_on_figures_that_nobody_could_read_names_none() -> None:
    """A first model has a champion that is null; where nothing was read there is no champion at all."""
    first = replace(VERDICT, judged=replace(JUDGED, champion=None, comparison=None)).document()
    assert (first["champion"], first["comparison"]) == (None, None)
    assert list(replace(VERDICT, judged=None).document()) == ["version", "passed", "summary", "reasons", "thresholds"]


@pytest.mark.parametrize("passed", [PASSED, replace(PASSED, champion=None)], ids=["champion", "first model"])
def test_what_a_passed_gate_hands_on_is_read_as_it_was_written(passed: PassedGate) -> None:
    """Through JSON."""
    assert read(PassedGate, json.loads(json.dumps(render(passed))), "gate") == passed


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("reasons",), "good", "gate.reasons: must be a list"),
        (("metrics",), {}, "metrics.task: must be a text"),
        (("metrics", "task"), "walk", "metrics.task: must be one of"),
        (("metrics", "intervals"), None, "metrics.intervals: must be a JSON object"),
        (("metrics", "intervals"), {"map50": {"low": 0.1}}, "metrics.intervals.map50.high: missing"),
        (("champion", "package_version"), None, "champion.package_version: must be"),
        (("champion", "package_version"), 1.5, "champion.package_version: must be"),
    ],
)
def test_what_no_gate_hands_on_is_refused(path: tuple[str, ...], value: Any, said: str) -> None:
    """Nobody is asked about it."""
    with pytest.raises(ContractError, match=f"^{said}"):
        read(PassedGate, replaced(render(PASSED), path, value), "gate")


@pytest.mark.parametrize("value", ["0.9", None, float("nan"), True])
def test_a_figure_that_is_no_number_is_unknown(value: Any) -> None:
    """Figures that are shown decide nothing."""
    assert Figures.parse({"task": "detect", "map50": value, "other": 1.0}).values == {"map50": None}
