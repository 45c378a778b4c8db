"""The gate's decision as a whole: what it trusts, what closes it, what it says."""

from __future__ import annotations

import copy
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.gate_metrics.decision import SUMMARY_LENGTH, Decision, Evidence, decide
from tests.lambdas.gate_metrics.figures import (
    ARCHIVE,
    OTHER,
    PLANNED,
    SMOKE,
    THRESHOLDS,
    classed,
    judge,
    measured,
    production,
    scored,
)
from workflow.contract.model import TASKS
from workflow.contract.policy import CEILING, FLOOR, Loosened
from workflow.contract.rule import Table, rules_of
from workflow.contract.run_input import RunInput
from workflow.contract.scores import QUALITY, figures_of
from workflow.contract.thresholds import Thresholds

TEXT_SHOWN = {
    "detect": "passed: mAP50-95 0.700 ≥ 0.50 · bolt 0.700 washer 0.700 · first model",
    "obb": "passed: mAP50-95 0.700 ≥ 0.50 · bolt 0.700 washer 0.700 · first model",
    "pose": "passed: keypoint mAP50-95 0.720 ≥ 0.50 · bolt 0.700 washer 0.700 · first model",
    "segment": "passed: mask mAP50-95 0.710 ≥ 0.50 · bolt 0.700 washer 0.700 · first model",
    "classify": "passed: top-1 accuracy 0.900 ≥ 0.50 · bolt 0.700 washer 0.700 · first model",
}


@pytest.mark.parametrize("task", TASKS)
def test_a_good_first_model_passes_and_its_summary_is_in_its_tasks_figure(task: str) -> None:
    """The summary is the line that people see while the run goes on."""
    decision = judge(measured(task=task))
    assert decision.passed
    assert decision.summary == TEXT_SHOWN[task]


def test_a_run_that_replaces_production_is_never_called_a_first_model() -> None:
    """The summary that people approve by says that nothing was compared."""
    decision = judge(compare=False)
    assert decision.passed
    assert decision.summary.endswith(" · not compared with production, as the stack asks")
    by_the_run = judge(compare=False, loosened=(Loosened("compare", True, False),))
    assert by_the_run.summary.endswith(" · not compared with production, as the run asks")
    assert not judge(measured(champion=scored(), comparison=None), compare=False).passed


def test_the_thresholds_of_an_empty_input_judge() -> None:
    """What the input holds by default is whole: a good model passes it, a bad one does not."""
    defaults = RunInput(dataset="s3://bucket/data")
    limits = {name: getattr(defaults, name) for name in THRESHOLDS}
    assert judge(limits=limits).passed
    assert not judge(measured(scored(map50=0.4)), limits=limits).passed


@pytest.mark.parametrize("name", rules_of(Thresholds))
def test_every_threshold_that_may_be_given_closes_the_gate_on_some_model(name: str) -> None:
    """One that a person can set and that nothing is measured by would promise what nobody holds."""
    assert any(weak(task, {}).passed and not weak(task, {name: ends(name)[1]}).passed for task in TASKS)


def ends(name: str) -> tuple[Any, Any]:
    """The mildest and the strictest that a threshold may be."""
    (declared,) = (one for one in fields(Thresholds) if one.name == name)
    rule, direction = declared.metadata["rule"], declared.metadata["direction"]
    if isinstance(rule, Table):
        return {}, {"bolt": 1.0}
    if direction is FLOOR:
        return rule.low, rule.high
    return (0, 1e-6) if direction is CEILING else (rule.high, rule.low)


def weak(task: str, limits: dict[str, Any]) -> Decision:
    """The decision on a model that production is ahead of, where nothing is asked but these limits."""
    classes = [classed("bolt", 30, task, quality=0.6), classed("washer", 23, task)]
    metrics = measured(scored(task, per_class=classes, **{QUALITY[task]: 0.6}), production(task), task=task)
    mildest = {name: ends(name)[0] for name in rules_of(Thresholds)}
    return judge(metrics, PLANNED, limits={**mildest, **limits})


def test_every_reason_is_named_at_once() -> None:
    """Nobody repairs one figure to learn of the next."""
    candidate = scored(map50=0.1, per_class=[classed(map50=0.1)])
    metrics = measured(candidate, data={"digest": "", "images": 2, "objects": 5})
    assert len(judge(metrics, training_status="Stopped").reasons) == 4


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, "0.99", True, [], 10**400, 1.2, -0.1])
@pytest.mark.parametrize(
    ("task", "field"), [(task, name) for task in ("detect", "pose", "classify") for name in figures_of(task)]
)
def test_a_metric_that_is_no_fraction_is_refused(task: str, field: str, bad: Any) -> None:
    """Fails closed on every figure that the task has."""
    decision = judge(measured(scored(task, **{field: bad}), task=task))
    assert not decision.passed
    assert field in decision.reasons[0]


@pytest.mark.parametrize("bad", [None, math.nan, "0.99", 1.2])
@pytest.mark.parametrize("field", ["map50", "recall", "quality"])
def test_a_classs_metric_that_is_no_fraction_is_refused(field: str, bad: Any) -> None:
    """One broken class closes the gate."""
    assert not judge(measured(scored(per_class=[classed(**{field: bad}), classed("washer")]))).passed


@pytest.mark.parametrize(
    "path", [("data",), ("data", "images"), ("candidate",), ("champion",), ("comparison",), ("candidate", "map50")]
)
def test_a_missing_part_is_refused(path: tuple[str, ...]) -> None:
    """A document without one of its parts is no evidence."""
    metrics = copy.deepcopy(measured())
    holder = metrics
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    assert not judge(metrics).passed


@pytest.mark.parametrize(
    "metrics", [None, [], "text", {}, {**measured(), "version": 2}, {**measured(), "task": "walk"}]
)
def test_an_unreadable_document_is_refused(metrics: Any) -> None:
    """Another version counts as unreadable."""
    decision = decide(Evidence(metrics, THRESHOLDS, None, "Completed", ARCHIVE, True, SMOKE))
    assert not decision.passed
    assert decision.metrics is None
    assert "cannot be read" in decision.reasons[0]


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, "0.5", True, -0.1, 10**400])
@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_a_threshold_that_is_no_number_in_its_range_is_refused(name: str, bad: Any) -> None:
    """A gate without a threshold is no gate."""
    decision = judge(limits={name: bad})
    assert not decision.passed
    assert f"the threshold {name} = " in decision.reasons[0]


@pytest.mark.parametrize("floors", [{"bolt": None}, {"bolt": "0.5"}, {"bolt": 1.5}, {"bolt": math.nan}])
def test_a_class_floor_that_is_no_fraction_is_refused(floors: Any) -> None:
    """The name of the class is in the reason."""
    decision = judge(limits={"class_floors": floors})
    assert "class_floors.bolt" in decision.reasons[0]
    assert not decision.passed


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_a_missing_threshold_is_refused(name: str) -> None:
    """Also where all the others are there."""
    thresholds = {key: value for key, value in THRESHOLDS.items() if key != name}
    (reason,) = decide(Evidence(measured(), thresholds, None, "Completed", ARCHIVE, True, SMOKE)).reasons
    assert f"the threshold {name} = None: must be" in reason


@pytest.mark.parametrize("thresholds", [{}, None, [], "0.5"])
def test_no_thresholds_pass_nobody(thresholds: Any) -> None:
    """Each is missed by name."""
    decision = decide(Evidence(measured(), thresholds, None, "Completed", ARCHIVE, True, SMOKE))
    assert not decision.passed
    assert len(decision.reasons) == len(THRESHOLDS)


@pytest.mark.parametrize(
    ("smoke", "said"),
    [
        ("0.jpg is missing", "the evaluation left no pictures to try a release with: 0.jpg is missing"),
        (replace(SMOKE, model_digest=OTHER), "the pictures to try a release with were answered by another model"),
    ],
    ids=["none", "another model"],
)
def test_a_model_that_no_release_could_try_is_refused(smoke: Any, said: str) -> None:
    """It would be approved, and then never be released."""
    decision = judge(smoke=smoke)
    assert not decision.passed
    assert said in decision.reasons[0]


@pytest.mark.parametrize("status", ["Stopped", "Failed", "", None, {}])
def test_a_training_that_did_not_complete_is_refused(status: Any) -> None:
    """A training stopped by its time limit is no success."""
    assert not judge(training_status=status).passed


@pytest.mark.parametrize("digest", [OTHER, ""])
def test_another_archive_than_the_measured_one_is_refused(digest: str) -> None:
    """What was measured is what would be registered."""
    assert not judge(archive_digest=digest).passed


def test_a_model_without_a_page_is_refused() -> None:
    """Nobody is asked to approve what he cannot look at."""
    assert judge(has_report=False).reasons == ("the evaluation left no report for the person who approves",)


fractions = st.floats(0, 1)


@given(better=fractions, worse=fractions)
def test_a_better_candidate_never_fails_where_a_worse_one_passes(better: float, worse: float) -> None:
    """The decision is monotonic in the figures."""

    def passes(value: float) -> bool:
        classes = [classed(map50=value, map50_95=value)]
        return judge(measured(scored(map50=value, map50_95=value, per_class=classes))).passed

    assert not (passes(min(better, worse)) and not passes(max(better, worse)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    ("version",),
    ("task",),
    ("data",),
    ("data", "images"),
    ("data", "objects"),
    ("candidate",),
    ("candidate", "map50"),
    ("candidate", "per_class"),
    ("candidate", "archive_digest"),
    ("candidate", "latency_p50_ms"),
    ("candidate", "intervals"),
    ("champion",),
    ("champion", "map50_95"),
    ("champion", "per_class"),
    ("champion", "package_version"),
    ("comparison",),
    ("comparison", "overall"),
    ("comparison", "overall", "value"),
    ("comparison", "overall", "low"),
    ("comparison", "per_class"),
]


@given(path=st.sampled_from(PATHS), value=json_values)
def test_any_damage_is_judged_without_an_exception(path: tuple[str, ...], value: Any) -> None:
    """Whatever stands in a document, there is a decision; the champion's damage never makes a first model."""
    metrics = copy.deepcopy(measured(champion=production()))
    holder = metrics
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    decision = judge(metrics, champion=PLANNED)
    assert decision.reasons
    if path in (("champion",), ("comparison",), ("comparison", "overall")):
        assert not decision.passed


@given(evidence=st.tuples(json_values, json_values, json_values, json_values))
def test_arbitrary_evidence_never_passes(evidence: tuple[Any, Any, Any, Any]) -> None:
    """Noise is no evidence."""
    metrics, thresholds, champion, status = evidence
    assert not decide(Evidence(metrics, thresholds, champion, status, ARCHIVE, True, SMOKE)).passed


def test_the_summary_never_shows_a_figure_below_its_threshold() -> None:
    """A threshold with three digits is shown with three digits."""
    assert judge(limits={"minimum_map50_95": 0.6999}).summary.startswith("passed: mAP50-95 0.700 ≥ 0.6999 ·")
    near = judge(measured(scored(map50_95=0.7041)), limits={"minimum_map50_95": 0.70405})
    assert near.summary.startswith("passed: mAP50-95 0.7041 ≥ 0.7040 ·")


def test_the_summary_says_that_a_figure_without_a_floor_was_not_checked() -> None:
    """Zero is no demand, and what nothing is asked of has passed nothing."""
    assert judge(limits={"minimum_map50_95": 0}).summary.startswith("passed: mAP50-95 0.700 (no floor) · bolt")
    nothing = judge(limits={"minimum_map50_95": 0, "minimum_map50": 0}).summary
    assert nothing.startswith("passed, no figure was checked: mAP50-95 0.700 (no floor) · bolt")


def test_what_the_run_loosened_stands_first_and_in_the_summary() -> None:
    """Whoever reads the verdict or the report learns by what it passed."""
    loosened = (Loosened("minimum_map50", 0.5, 0.0), Loosened("compare", True, False))
    decision = judge(limits={"minimum_map50": 0}, loosened=loosened)
    assert decision.reasons[:2] == (
        "loosened by the run: minimum_map50 was 0.5, is 0",
        "loosened by the run: compare was true, is false",
    )
    assert " · 2 loosened by the run · " in decision.summary


def test_the_summary_stays_short_and_on_one_line_whatever_the_classes_are_called() -> None:
    """It becomes a part of the registered package's description."""
    many = [classed(f"class\nnumber {number} " + "x" * 200) for number in range(100)]
    summary = judge(measured(scored(per_class=many))).summary
    assert len(summary) <= SUMMARY_LENGTH
    assert "\n" not in summary


def test_the_summary_shows_eight_classes_and_counts_the_rest() -> None:
    """And production's figure beside."""
    many = [classed(f"c{number}") for number in range(10)]
    metrics = measured(scored(per_class=many), production(per_class=many))
    assert judge(metrics, champion=PLANNED).summary.endswith("and 2 classes more · production 0.700 (version 3)")
