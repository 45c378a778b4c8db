"""The figures in the layout that SageMaker's own pages read."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lambdas.gate_metrics.quality import TASKS, write_quality
from tests.lambdas.gate_metrics.figures import FIGURES, classed, measured, scored
from workflow.contract.model import TASKS as KNOWN
from workflow.contract.scores import Metrics, figures_of


def quality(task: str = "detect", **changes: Any) -> dict[str, Any]:
    """What is written of a candidate."""
    return write_quality(Metrics.parse(measured(scored(task, **changes), task=task)))


def test_every_figure_of_a_detector_is_in_its_group() -> None:
    """With its value; the classes have a group of their own, with the figure that decides."""
    found = quality()
    assert list(found) == ["object_detection_metrics", "map50_95_by_class"]
    values = {name: one["value"] for name, one in found["object_detection_metrics"].items()}
    assert values == {name: FIGURES[name] for name in figures_of("detect")}
    assert found["map50_95_by_class"]["washer"]["value"] == 0.7


def test_a_classifiers_figure_has_the_name_that_sagemaker_knows() -> None:
    """In the group that it knows."""
    found = quality("classify")
    assert found["multiclass_classification_metrics"]["accuracy"]["value"] == FIGURES["top1"]
    assert "top1" not in found["multiclass_classification_metrics"]


def test_a_deviation_comes_from_the_interval() -> None:
    """The middle 95 % are 1.96 deviations to each side; where nobody knows it says so as Model Monitor does."""
    spread = {"low": 0.6, "high": 0.8}
    found = quality(intervals={"map50_95": spread}, per_class=[classed("bolt", interval=spread), classed("nut")])
    assert math.isclose(found["object_detection_metrics"]["map50_95"]["standard_deviation"], 0.051, abs_tol=0.0005)
    assert found["object_detection_metrics"]["map50"]["standard_deviation"] == "NaN"
    assert math.isclose(found["map50_95_by_class"]["bolt"]["standard_deviation"], 0.051, abs_tol=0.0005)
    assert found["map50_95_by_class"]["nut"]["standard_deviation"] == "NaN"


@pytest.mark.parametrize("task", KNOWN)
def test_every_task_has_its_figures_and_a_name_in_the_registry(task: str) -> None:
    """Each a value with a deviation, and no other key."""
    for group in quality(task).values():
        assert group
        assert all(set(one) == {"value", "standard_deviation"} for one in group.values())
    documented = {"IMAGE_CLASSIFICATION", "OBJECT_DETECTION", "IMAGE_SEGMENTATION", "OTHER"}
    assert TASKS[task] in documented
