"""Each task's outputs reach the one who reads them, and outputs of another shape none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from containers.serving.model.detection import Detections
from containers.serving.model.manifest import ModelError
from containers.serving.model.tasks import check_outputs, decode_outputs
from containers.serving.model.thresholds import Thresholds
from tests.containers.serving.model.raw_outputs import Case, raw_case

CASES = {task: raw_case(task, 1) for task in ("detect", "pose", "segment", "obb")}
EXTRAS = {"detect": set(), "pose": {"keypoints"}, "segment": {"masks"}, "obb": {"corners", "angles"}}


def check(case: Case, outputs: tuple[np.ndarray, ...]) -> None:
    check_outputs(case.manifest, outputs, case.input[1], case.input[0])


def decode(case: Case, outputs: tuple[np.ndarray, ...], thresholds: Thresholds) -> Detections:
    return decode_outputs(case.manifest, outputs, case.letterbox, thresholds)


@pytest.mark.parametrize("task", CASES)
@pytest.mark.parametrize("every_class", [False, True])
def test_each_task_adds_what_is_its_own(task: str, every_class: bool) -> None:
    """And no more; n of each, best first."""
    case = CASES[task]
    found = decode(case, case.outputs, Thresholds(confidence=0.1, iou=0.9, every_class=every_class))
    told = {name: getattr(found, name) for name in ("keypoints", "masks", "corners", "angles")}
    assert {name for name, extra in told.items() if extra is not None} == EXTRAS[task]
    assert all(len(extra) == len(found) > 20 for extra in (found.boxes, *told.values()) if extra is not None)
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize("task", CASES)
def test_average_precision_sees_the_second_guesses_of_every_task(task: str) -> None:
    """Of a hundred candidates that nothing thins, some score in more than one class."""
    case = CASES[task]
    hundred = (case.outputs[0][:, :, :100], *case.outputs[1:])
    once, often = (decode(case, hundred, Thresholds(0.01, 1, every_class=every)) for every in (False, True))
    assert 20 < len(once) < len(often)


def test_a_classifier_finds_no_objects() -> None:
    """Its scores are read elsewhere."""
    case = replace(CASES["detect"], task="classify")
    with pytest.raises(ValueError, match="'classify' finds no objects"):
        decode(case, case.outputs, Thresholds())


@pytest.mark.parametrize("task", CASES)
def test_outputs_of_the_task_are_what_is_expected(task: str) -> None:
    """Of any number of candidates."""
    case = CASES[task]
    check(case, case.outputs)
    check(case, (case.outputs[0][:, :, :7], *case.outputs[1:]))
    check(replace(case, task="classify"), (np.full((1, 3), 0.3, np.float32),))


@pytest.mark.parametrize("task", CASES)
def test_outputs_of_another_shape_are_refused(task: str) -> None:
    """One more class, one output more or less, no batch, a number that is none."""
    case = CASES[task]
    broken = case.outputs[-1].copy()
    broken.flat[-1] = np.nan
    wrong = [
        (),
        (case.outputs[0][0], *case.outputs[1:]),
        (*case.outputs, case.outputs[0]),
        (*case.outputs[:-1], broken),
        (np.concatenate((case.outputs[0], case.outputs[0])), *case.outputs[1:]),
    ]
    for outputs in wrong:
        with pytest.raises(ModelError, match="the model answers"):
            check(case, outputs)
    with pytest.raises(ModelError, match="the model answers"):
        check(replace(case, classes=case.classes + 1), case.outputs)
    with pytest.raises(ModelError, match="the model answers"):
        check(replace(case, task="classify"), case.outputs)


def test_prototypes_of_another_size_than_a_quarter_of_the_input_are_refused() -> None:
    """Masks would lie in the wrong place."""
    case = CASES["segment"]
    with pytest.raises(ModelError, match="the model answers"):
        check(case, (case.outputs[0], case.outputs[1][:, :, ::2, ::2]))
