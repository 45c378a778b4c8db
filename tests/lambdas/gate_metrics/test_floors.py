"""What the gate asks of a candidate by itself."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lambdas.gate_metrics.figures import classed, judge, measured, scored

FLOORS = [
    *[(task, "map50", "minimum_map50") for task in ("detect", "obb", "pose", "segment")],
    *[(task, "map50_95", "minimum_map50_95") for task in ("detect", "obb", "pose", "segment")],
    ("pose", "keypoint_map50_95", "minimum_keypoint_map50_95"),
    ("segment", "mask_map50_95", "minimum_mask_map50_95"),
    ("classify", "top1", "minimum_top1"),
]


@pytest.mark.parametrize(("task", "figure", "threshold"), FLOORS)
def test_a_figure_equal_to_its_floor_passes_and_the_next_smaller_one_does_not(
    task: str, figure: str, threshold: str
) -> None:
    """The documented result for equality, for every floor of every task."""
    floor = 0.55
    assert judge(measured(scored(task, **{figure: floor}), task=task), limits={threshold: floor}).passed
    below = measured(scored(task, **{figure: math.nextafter(floor, 0)}), task=task)
    assert not judge(below, limits={threshold: floor}).passed


@pytest.mark.parametrize(
    ("task", "threshold"),
    [
        ("detect", "minimum_keypoint_map50_95"),
        ("pose", "minimum_mask_map50_95"),
        ("segment", "minimum_keypoint_map50_95"),
        ("classify", "minimum_map50"),
        ("obb", "minimum_top1"),
    ],
)
def test_a_task_is_not_asked_for_a_figure_it_does_not_have(task: str, threshold: str) -> None:
    """A classifier has no mAP50."""
    assert judge(measured(task=task), limits={threshold: 1.0}).passed


def test_a_reason_names_metric_class_value_threshold_and_objects() -> None:
    """A refusal can be understood without opening a file."""
    decision = judge(measured(scored(per_class=[classed(), classed("washer", 23, map50=0.41)])))
    assert not decision.passed
    assert decision.reasons == ("mAP50 of washer 0.410 < 0.60 on 23 objects",)


def test_a_classifiers_classes_are_held_to_their_recall() -> None:
    """It has no mAP50 of a class."""
    cats = classed("cat", 9, "classify", recall=0.5)
    metrics = measured(scored("classify", per_class=[cats]), task="classify")
    assert judge(metrics).reasons == ("recall of cat 0.500 < 0.60 on 9 objects",)
    assert judge(metrics, limits={"minimum_class_map50": 0.5}).passed


def test_a_figure_just_below_its_threshold_looks_smaller_in_the_reason() -> None:
    """No reason says 0.80 < 0.80."""
    (reason,) = judge(measured(scored(map50=0.79999))).reasons
    assert reason == "mAP50 0.79999 < 0.80000 on 53 objects"


@pytest.mark.parametrize(("value", "floor", "passed"), [(0.7, 0.7, True), (0.7, 0.71, False), (0.3, 0.2, True)])
def test_a_class_with_a_floor_of_its_own_is_held_to_that_one(value: float, floor: float, passed: bool) -> None:
    """It takes the place of the floor of all classes, whether it is higher or lower."""
    metrics = measured(scored(per_class=[classed(), classed("washer", map50=value)]))
    assert judge(metrics, limits={"class_floors": {"washer": floor}}).passed is passed


def test_a_floor_for_a_class_that_nobody_measured_is_refused() -> None:
    """A misspelt name must not lift a floor."""
    decision = judge(limits={"class_floors": {"wahser": 0.0}})
    assert decision.reasons == ("class_floors asks for wahser, and the figures name no such class",)


def test_too_few_images_are_refused() -> None:
    """Equal to the floor is enough."""

    def with_images(images: int) -> Any:
        return measured(data={"digest": "", "images": images, "objects": 53})

    assert judge(with_images(9)).reasons == ("held-out images 9 < 10",)
    assert judge(with_images(10)).passed


def test_an_empty_test_set_is_refused_whatever_the_thresholds() -> None:
    """No floor can be set so low that nothing passes for something."""
    nothing = measured(scored(per_class=[classed(objects=0)]), data={"digest": "", "images": 0, "objects": 0})
    lowest = {"minimum_images": 1, "minimum_class_objects": 0, "minimum_class_map50": 0}
    assert judge(nothing, limits=lowest).reasons == ("held-out images 0 < 1", "no labelled object on 0 held-out images")
    assert not judge(measured(), limits={"minimum_images": 0}).passed


def test_a_class_with_too_few_held_out_objects_is_refused() -> None:
    """Its figure stands on too little."""
    metrics = measured(scored(per_class=[classed(), classed("washer", 4)]))
    assert judge(metrics, limits={"minimum_class_objects": 5}).reasons == ("held-out objects of washer 4 < 5",)
    assert judge(metrics, limits={"minimum_class_objects": 4}).passed


def test_a_class_without_objects_passes_only_where_nothing_is_asked_of_it() -> None:
    """Nobody measured it: it meets no floor above zero."""
    metrics = measured(scored(per_class=[classed(), classed("washer", 0)]))
    nothing = {"minimum_class_objects": 0, "minimum_class_map50": 0}
    assert judge(metrics, limits=nothing).passed
    (reason,) = judge(metrics, limits={**nothing, "minimum_class_map50": 0.6}).reasons
    assert reason == "mAP50 of washer unknown, 0.60 wanted on 0 objects"
    assert not judge(metrics, limits={**nothing, "minimum_class_objects": 1}).passed


def test_no_class_at_all_is_refused() -> None:
    """Figures without classes are not whole."""
    assert not judge(measured(scored(per_class=[]))).passed


def test_a_class_that_is_named_twice_is_refused() -> None:
    """One of the two would hide the other."""
    assert judge(measured(scored(per_class=[classed(), classed()]))).reasons == (
        "the figures name the class bolt more than once",
    )


@pytest.mark.parametrize(("ceiling", "passed"), [(0, True), (20.0, True), (19.999, False), (25, True)])
def test_the_median_latency_keeps_to_its_ceiling_where_there_is_one(ceiling: float, passed: bool) -> None:
    """Equal passes; zero asks nothing."""
    decision = judge(limits={"maximum_latency_ms": ceiling})
    assert decision.passed is passed
    if not passed:
        assert decision.reasons == ("median latency 20.000 ms > 19.999 ms",)


@pytest.mark.parametrize(("ceiling", "passed"), [(0, True), (12.3, True), (12.2, False)])
def test_the_model_keeps_to_its_size_where_one_is_asked(ceiling: float, passed: bool) -> None:
    """A megabyte is a million bytes; equal passes."""
    decision = judge(measured(scored(model_bytes=12_300_000)), limits={"maximum_model_mb": ceiling})
    assert decision.passed is passed
    if not passed:
        assert decision.reasons == ("model size 12.30 MB > 12.20 MB",)


@pytest.mark.parametrize("bad", [-0.001, math.nan, None, "20"])
@pytest.mark.parametrize("field", ["latency_p50_ms", "latency_p99_ms"])
def test_a_latency_that_cannot_be_is_refused_without_any_ceiling(field: str, bad: Any) -> None:
    """It would pass every ceiling."""
    assert not judge(measured(scored(**{field: bad}))).passed


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"minimum_map50": 0}, "mAP50 0.010 on 53 objects: not checked, minimum_map50 is 0"),
        ({"minimum_class_map50": 0}, "mAP50 of washer 0.950 on 23 objects: not checked, its floor is 0"),
        ({"class_floors": {"washer": 0}}, "mAP50 of washer 0.950 on 23 objects: not checked, its floor is 0"),
        ({"minimum_class_objects": 0}, "held-out objects of a class: not checked, minimum_class_objects is 0"),
        ({"maximum_latency_ms": 0}, "median latency 20.00 ms: not checked, maximum_latency_ms is 0"),
        ({"maximum_model_mb": 0}, "model size 12.00 MB: not checked, maximum_model_mb is 0"),
    ],
    ids=str,
)
def test_what_nothing_is_asked_of_was_not_checked_and_has_not_passed(limits: dict[str, Any], said: str) -> None:
    """No verdict says 0.01 ≥ 0.00."""
    decision = judge(measured(scored(map50=0.01)), limits={"minimum_map50": 0, **limits})
    assert decision.passed
    assert said in decision.reasons
    assert not [reason for reason in decision.reasons if reason.endswith(" 0.00") or "≥ 0.00 " in reason]


def test_a_figure_that_nobody_measured_is_refused_without_any_floor() -> None:
    """Not checked is one thing, missing another."""
    without = {"minimum_class_map50": 0, "minimum_map50": 0}
    assert not judge(measured(scored(map50=None)), limits=without).passed


fractions = st.floats(0, 1)


@given(map50=fractions, map50_95=fractions, washer=fractions, floor=fractions, floor_95=fractions, own=fractions)
def test_passing_means_every_floor_is_reached(
    map50: float, map50_95: float, washer: float, floor: float, floor_95: float, own: float
) -> None:
    """The gate passes exactly when each figure is at least its floor."""
    limits = {"minimum_map50": floor, "minimum_map50_95": floor_95, "class_floors": {"washer": own}}
    classes = [classed(), classed("washer", map50=washer)]
    decision = judge(measured(scored(map50=map50, map50_95=map50_95, per_class=classes)), limits=limits)
    assert decision.passed is (map50 >= floor and map50_95 >= floor_95 and washer >= own)
    assert decision.reasons
