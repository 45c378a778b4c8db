"""The gate's decision, case by case and by properties."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.gate_metrics.decision import Decision, Evidence, decide

MODEL, ARCHIVE, OTHER = "a" * 64, "b" * 64, "c" * 64
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/3"
THRESHOLDS: dict[str, Any] = {
    "minimum_map50": 0.8,
    "minimum_map50_95": 0.5,
    "minimum_class_map50": 0.6,
    "minimum_images": 10,
    "maximum_regression": 0.02,
}


def scored(map50: Any = 0.964, map50_95: Any = 0.7, washer: Any = 0.9, **more: Any) -> dict[str, Any]:
    """The figures of one model, as the evaluation writes them."""
    common = {"map50_95": 0.7, "precision": 0.9, "recall": 0.9}
    return {
        "model_digest": MODEL,
        "archive_digest": ARCHIVE,
        "map50": map50,
        "map50_95": map50_95,
        "precision": 0.95,
        "recall": 0.94,
        "per_class": [
            {"name": "bolt", "objects": 30, "map50": 0.95, **common},
            {"name": "washer", "objects": 23, "map50": washer, **common},
        ],
        "latency_p50_ms": 20.0,
        "latency_p99_ms": 30.0,
        "model_bytes": 12_000_000,
        **more,
    }


def measured(candidate: Any = None, champion: Any = None, images: Any = 16) -> dict[str, Any]:
    """``metrics.json``."""
    return {
        "version": 1,
        "data": {"digest": "d" * 64, "images": images, "objects": 53},
        "confidence": 0.25,
        "candidate": candidate or scored(),
        "champion": champion,
    }


def judge(metrics: Any = None, champion: Any = None, thresholds: Any = None, **more: Any) -> Decision:
    """The decision, where everything not named is as it should be."""
    return decide(
        Evidence(
            metrics=measured() if metrics is None else metrics,
            thresholds=THRESHOLDS if thresholds is None else thresholds,
            champion=champion,
            training_status=more.get("training_status", "Completed"),
            archive_digest=more.get("archive_digest", ARCHIVE),
        )
    )


def production(map50_95: float) -> dict[str, Any]:
    """The champion's figures."""
    return scored(map50_95=map50_95, model_digest=OTHER, model_package_arn=PACKAGE, package_version=3)


PLANNED = {"model_package_arn": PACKAGE, "package_version": 3}


def test_a_good_first_model_passes() -> None:
    """The summary is the line that people see while the run goes on."""
    decision = judge()
    assert decision.passed
    assert decision.summary == "passed: mAP50 0.964 ≥ 0.80 · bolt 0.95 washer 0.90 · first model"


def test_a_reason_names_metric_class_value_threshold_and_objects() -> None:
    """A refusal can be understood without opening a file."""
    decision = judge(measured(scored(washer=0.41)))
    assert not decision.passed
    assert decision.reasons == ("mAP50 of washer 0.41 < 0.60 on 23 objects",)


@pytest.mark.parametrize(
    ("field", "threshold"),
    [("map50", "minimum_map50"), ("map50_95", "minimum_map50_95"), ("washer", "minimum_class_map50")],
)
def test_a_figure_equal_to_its_threshold_passes_and_one_below_does_not(field: str, threshold: str) -> None:
    """The documented result for equality: it passes; the next smaller number does not."""
    floor = THRESHOLDS[threshold]
    assert judge(measured(scored(**{field: floor}))).passed
    assert not judge(measured(scored(**{field: math.nextafter(floor, 0)}))).passed


def test_a_figure_just_below_its_threshold_looks_smaller_in_the_reason() -> None:
    """No reason says 0.80 < 0.80."""
    (reason,) = judge(measured(scored(map50=0.79999))).reasons
    assert reason == "mAP50 0.79999 < 0.80000 on 53 objects"


def test_every_reason_is_named_at_once() -> None:
    """Nobody repairs one figure to learn of the next."""
    decision = judge(measured(scored(map50=0.1, washer=0.1), images=2), training_status="Stopped")
    assert len(decision.reasons) == 4


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, "0.99", True, [], 10**400, 1.2, -0.1])
@pytest.mark.parametrize("field", ["map50", "map50_95", "precision", "recall", "washer"])
def test_a_metric_that_is_no_fraction_is_refused(field: str, bad: Any) -> None:
    """Fails closed on every figure."""
    figures = scored(**{"washer": bad}) if field == "washer" else {**scored(), field: bad}
    assert not judge(measured(figures)).passed


@pytest.mark.parametrize("path", [("data",), ("data", "images"), ("candidate",), ("champion",), ("candidate", "map50")])
def test_a_missing_part_is_refused(path: tuple[str, ...]) -> None:
    """A document without one of its parts is no evidence."""
    metrics = copy.deepcopy(measured())
    holder = metrics
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    assert not judge(metrics).passed


@pytest.mark.parametrize("metrics", [None, [], "text", {}, {"version": 2, **{}}, {**measured(), "version": 2}])
def test_an_unreadable_document_is_refused(metrics: Any) -> None:
    """Another version counts as unreadable."""
    decision = decide(Evidence(metrics, THRESHOLDS, None, "Completed", ARCHIVE))
    assert not decision.passed
    assert decision.metrics is None
    assert "cannot be read" in decision.reasons[0]


@pytest.mark.parametrize("bad", [None, math.nan, "0.5", True])
@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_a_threshold_that_is_no_number_is_refused(name: str, bad: Any) -> None:
    """A gate without a threshold is no gate."""
    assert not judge(thresholds={**THRESHOLDS, name: bad}).passed


def test_a_missing_threshold_is_refused() -> None:
    """An empty set of thresholds passes nobody."""
    assert len(judge(thresholds={}).reasons) == len(THRESHOLDS)


@pytest.mark.parametrize("status", ["Stopped", "Failed", "", None, {}])
def test_a_training_that_did_not_complete_is_refused(status: Any) -> None:
    """A training stopped by its time limit is no success."""
    assert not judge(training_status=status).passed


@pytest.mark.parametrize("digest", [OTHER, ""])
def test_another_archive_than_the_measured_one_is_refused(digest: str) -> None:
    """What was measured is what would be registered."""
    assert not judge(archive_digest=digest).passed


def test_too_few_images_are_refused_even_without_a_threshold() -> None:
    """A floor of zero images still asks for one."""
    assert not judge(measured(images=0), thresholds={**THRESHOLDS, "minimum_images": 0}).passed
    assert judge(measured(images=9)).reasons == ("held-out images 9 < 10",)


def test_a_class_without_objects_cannot_pass_a_floor() -> None:
    """A class nobody measured has no figure."""
    candidate = scored()
    candidate["per_class"][1]["objects"] = 0
    assert "washer unknown" in judge(measured(candidate)).reasons[0]
    assert judge(measured(candidate), thresholds={**THRESHOLDS, "minimum_class_map50": 0}).passed


def test_no_class_at_all_is_refused() -> None:
    """Figures without classes are not whole."""
    assert not judge(measured(scored(per_class=[]))).passed


def test_a_planned_champion_that_was_not_measured_is_never_a_first_model() -> None:
    """Production's figures missing is a refusal."""
    assert judge(champion=PLANNED).reasons == ("production's model was not measured on the held-out images",)


def test_a_measured_champion_that_was_not_planned_is_refused() -> None:
    """The evaluation compared with something nobody asked for."""
    assert not judge(measured(champion=production(0.7))).passed


@pytest.mark.parametrize("planned", [{**PLANNED, "package_version": 2}, {**PLANNED, "model_package_arn": "x"}, {}, "3"])
def test_another_champion_than_the_planned_one_is_refused(planned: Any) -> None:
    """Champion and plan name the same version of the same package."""
    assert not judge(measured(champion=production(0.7)), champion=planned).passed


@pytest.mark.parametrize(("theirs", "passed"), [(0.70, True), (0.72, True), (0.7201, False), (0.6, True)])
def test_a_loss_of_exactly_the_allowed_regression_passes(theirs: float, passed: bool) -> None:
    """0.72 - 0.70 counts as 0.02, whatever binary fractions make of it."""
    assert judge(measured(champion=production(theirs)), champion=PLANNED).passed is passed


def test_a_regression_is_told_with_both_figures() -> None:
    """The reason names the version it was compared with."""
    (reason,) = judge(measured(champion=production(0.9)), champion=PLANNED).reasons
    assert reason == "mAP50-95 0.70 loses more than 0.02 against production's 0.90 (version 3)"


fractions = st.floats(0, 1)


@given(
    map50=fractions, map50_95=fractions, washer=fractions, floor=fractions, floor_95=fractions, class_floor=fractions
)
def test_passing_means_every_floor_is_reached(
    map50: float, map50_95: float, washer: float, floor: float, floor_95: float, class_floor: float
) -> None:
    """The gate passes exactly when each figure is at least its floor."""
    limits = {**THRESHOLDS, "minimum_map50": floor, "minimum_map50_95": floor_95, "minimum_class_map50": class_floor}
    wanted = map50 >= floor and map50_95 >= floor_95 and washer >= class_floor and class_floor <= 0.95
    decision = judge(measured(scored(map50, map50_95, washer)), thresholds=limits)
    assert decision.passed is wanted
    assert decision.reasons


@given(better=fractions, worse=fractions)
def test_a_better_candidate_never_fails_where_a_worse_one_passes(better: float, worse: float) -> None:
    """The decision is monotonic in the figures."""
    high, low = max(better, worse), min(better, worse)
    passes = [judge(measured(scored(value, value, value))).passed for value in (low, high)]
    assert passes in ([False, False], [False, True], [True, True])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    ("version",),
    ("data",),
    ("data", "images"),
    ("data", "objects"),
    ("candidate",),
    ("candidate", "map50"),
    ("candidate", "per_class"),
    ("candidate", "archive_digest"),
    ("champion",),
    ("champion", "map50_95"),
    ("champion", "package_version"),
]


@given(path=st.sampled_from(PATHS), value=json_values)
def test_any_damage_is_judged_without_an_exception(path: tuple[str, ...], value: Any) -> None:
    """Whatever stands in a document, there is a decision; the champion's damage never makes a first model."""
    metrics = copy.deepcopy(measured(champion=production(0.7)))
    holder = metrics
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    decision = judge(metrics, champion=PLANNED)
    assert decision.reasons
    if path == ("champion",):
        assert not decision.passed


@given(evidence=st.tuples(json_values, json_values, json_values, json_values))
def test_arbitrary_evidence_never_passes(evidence: tuple[Any, Any, Any, Any]) -> None:
    """Noise is no evidence."""
    metrics, thresholds, champion, status = evidence
    limits = thresholds if isinstance(thresholds, dict) else {}
    assert not decide(Evidence(metrics, limits, champion, status, ARCHIVE)).passed


def test_the_summary_never_shows_a_figure_below_its_threshold() -> None:
    """A threshold with three digits is shown with three digits."""
    assert judge(thresholds={**THRESHOLDS, "minimum_map50": 0.9638}).summary.startswith(
        "passed: mAP50 0.964 ≥ 0.9638 ·"
    )
    near = judge(measured(scored(map50=0.9641)), thresholds={**THRESHOLDS, "minimum_map50": 0.96405})
    assert near.summary.startswith("passed: mAP50 0.9641 ≥ 0.9640 ·")
