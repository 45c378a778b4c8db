"""Is the candidate good enough by itself: figures of its task, every class, evidence behind them, speed and size."""

from __future__ import annotations

from collections.abc import Iterator

from lambdas.gate_metrics.check import Check, at_least, at_most, unchecked
from lambdas.gate_metrics.limits import Limits
from workflow.contract.scores import FIGURE_NAMES, ClassScore, Metrics, figures_of

FLOORS = {
    "map50": "minimum_map50",
    "map50_95": "minimum_map50_95",
    "keypoint_map50_95": "minimum_keypoint_map50_95",
    "mask_map50_95": "minimum_mask_map50_95",
    "top1": "minimum_top1",
}
"""Figures that have a floor, by the threshold's name; a task is asked for those that it has."""

BYTES_PER_MB = 1_000_000


def check_alone(metrics: Metrics, limits: Limits) -> Iterator[Check]:
    """Every check that needs no other model."""
    yield from check_evidence(metrics, limits)
    yield from check_overall(metrics, limits)
    yield from check_classes(metrics, limits)
    yield from check_ceilings(metrics, limits)


def check_evidence(metrics: Metrics, limits: Limits) -> Iterator[Check]:
    """Are there enough held-out images, and something to find on them?"""
    yield at_least("held-out images", metrics.images, limits.minimum_images)
    if not metrics.objects:
        yield Check(False, f"no labelled object on {metrics.images} held-out images")


def check_overall(metrics: Metrics, limits: Limits) -> Iterator[Check]:
    """The floors of the task's figures."""
    for figure in figures_of(metrics.task):
        if figure in FLOORS:
            floor: float = getattr(limits, FLOORS[figure])
            value, note = metrics.candidate.figure(figure), count_objects(metrics.objects)
            yield (
                at_least(FIGURE_NAMES[figure], value, floor, note)
                if floor
                else unchecked(FIGURE_NAMES[figure], value, f"{FLOORS[figure]} is 0", note)
            )


def check_classes(metrics: Metrics, limits: Limits) -> Iterator[Check]:
    """Each class's floor, and how many of its objects were held out. A classifier's classes are held to recall.

    A class without held-out objects has no figure: it meets no floor above 0. Of a floor of 0 nothing is said to pass.
    """
    scores = metrics.candidate.per_class
    names = [score.name for score in scores]
    if not scores:
        yield Check(False, "the figures name no class")
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Check(False, f"the figures name the class {name} more than once")
    for name in limits.class_floors:
        if name not in names:
            yield Check(False, f"class_floors asks for {name}, and the figures name no such class")
    if not limits.minimum_class_objects:
        yield Check(True, "held-out objects of a class: not checked, minimum_class_objects is 0")
    what = "recall" if metrics.task == "classify" else FIGURE_NAMES["map50"]
    for score in scores:
        enough = at_least(f"held-out objects of {score.name}", score.objects, limits.minimum_class_objects)
        if not enough.passed:
            yield enough
        floor = limits.class_floors.get(score.name, limits.minimum_class_map50)
        about, value = f"{what} of {score.name}", find_class_figure(score, metrics.task)
        if floor > 0:
            yield at_least(about, value, floor, count_objects(score.objects))
        elif score.objects:
            yield unchecked(about, value, "its floor is 0", count_objects(score.objects))
        else:
            yield Check(True, f"{about}: not checked, none of its objects was held out")


def find_class_figure(score: ClassScore, task: str) -> float | None:
    """The figure by which a class is held to its floor; None where none of its objects was held out."""
    if not score.objects:
        return None
    return score.recall if task == "classify" else score.map50


def check_ceilings(metrics: Metrics, limits: Limits) -> Iterator[Check]:
    """Is it fast and small enough, where that is asked (0 asks nothing)? Times below zero are no measurement."""
    candidate = metrics.candidate
    for name, value in (("median", candidate.latency_p50_ms), ("99th percentile", candidate.latency_p99_ms)):
        if value < 0:
            yield Check(False, f"the latency's {name} is {value} ms, which cannot be")
    for what, value, key, unit in (
        ("median latency", candidate.latency_p50_ms, "maximum_latency_ms", " ms"),
        ("model size", candidate.model_bytes / BYTES_PER_MB, "maximum_model_mb", " MB"),
    ):
        ceiling: float = getattr(limits, key)
        yield at_most(what, value, ceiling, unit) if ceiling else unchecked(what, value, f"{key} is 0", unit=unit)


def count_objects(objects: int) -> str:
    """How many objects a figure stands on, in words."""
    return " on 1 object" if objects == 1 else f" on {objects} objects"
