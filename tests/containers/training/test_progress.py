"""The line of an epoch, which metric patterns read."""

from __future__ import annotations

import math
import re

import pytest

from containers.training.progress import LOSSES, METRICS, DivergedError, epoch_line, figures, require_finite
from workflow.contract.model import TASKS
from workflow.contract.scores import QUALITY, figures_of
from workflow.machines.settings import LOSSES as MACHINE_LOSSES

BOXES = {"box_loss": 1.92, "cls_loss": 1.1, "dfl_loss": 1.3}
OF_YOLO26 = {"box_loss": 1.92, "cls_loss": 1.1, "l1_loss": 0.4}
OF_BOXES = {
    "metrics/precision(B)": 0.9,
    "metrics/recall(B)": 0.8,
    "metrics/mAP50(B)": 0.81,
    "metrics/mAP50-95(B)": 0.55,
    "fitness": 0.6,
}
LINES = {
    "detect": (BOXES, OF_BOXES, "precision=0.90000 recall=0.80000 map50=0.81000 map50_95=0.55000 quality=0.55000"),
    "pose": (
        {**BOXES, "pose_loss": 9.0, "kobj_loss": 0.7},
        {**OF_BOXES, "metrics/mAP50(P)": 0.4, "metrics/mAP50-95(P)": 0.3},
        "precision=0.90000 recall=0.80000 map50=0.81000 map50_95=0.55000 keypoint_map50=0.40000 "
        "keypoint_map50_95=0.30000 quality=0.30000",
    ),
    "classify": (
        {"loss": 0.7},
        {"metrics/accuracy_top1": 0.5, "metrics/accuracy_top5": 1.0},
        "top1=0.50000 top5=1.00000 quality=0.50000",
    ),
}


@pytest.mark.parametrize("task", LINES)
def test_the_line_of_an_epoch_holds_every_figure_of_its_task_once(task: str) -> None:
    """Names and order are part of the contract; figures of other tasks are not there."""
    losses, metrics, shown = LINES[task]
    epoch = {
        "epoch": 9,
        **figures(task, losses, metrics),
        "lr": 0.002,
        "images_per_second": 41.667,
        "seconds": 1.836,
    }
    of_losses = " ".join(f"{name}={losses[name]:.5f}" for name in LOSSES[task] if name in losses)
    assert epoch_line(epoch, 15) == (
        f"epoch=9 epochs=15 {of_losses} {shown} lr=0.002 images_per_second=41.7 seconds=1.84"
    )


@pytest.mark.parametrize(
    ("task", "losses", "told"),
    [
        ("detect", OF_YOLO26, ["box_loss", "cls_loss", "l1_loss"]),
        (
            "pose",
            {**OF_YOLO26, "pose_loss": 9.0, "kobj_loss": 0.7, "rle_loss": 0.0},
            ["box_loss", "cls_loss", "l1_loss", "pose_loss", "kobj_loss", "rle_loss"],
        ),
        (
            "segment",
            {**OF_YOLO26, "seg_loss": 2.0, "sem_loss": 1.5},
            ["box_loss", "cls_loss", "l1_loss", "seg_loss", "sem_loss"],
        ),
        (
            "segment",
            {**BOXES, "dfl_loss": 0.0, "seg_loss": 2.0, "sem_loss": 0.0},
            ["box_loss", "cls_loss", "dfl_loss", "seg_loss"],
        ),
    ],
)
def test_each_family_tells_the_losses_it_has(task: str, losses: dict[str, float], told: list[str]) -> None:
    """Whatever their value, but for one that ultralytics gives as 0 where a network has none."""
    metrics = dict.fromkeys(METRICS[task].values(), 0.5)
    assert [name for name in figures(task, losses, metrics) if name.endswith("loss")] == told
    assert set(told) <= set(MACHINE_LOSSES)


@pytest.mark.parametrize("gone", ["box_loss", "cls_loss"])
def test_a_loss_that_every_family_has_must_be_there(gone: str) -> None:
    """A new name in ultralytics is noticed, and not passed over."""
    with pytest.raises(KeyError, match=gone):
        figures("detect", {name: 1.0 for name in BOXES if name != gone}, OF_BOXES)


@pytest.mark.parametrize("task", TASKS)
def test_the_figures_are_those_of_the_contract(task: str) -> None:
    """F1 is the evaluation's, and a classifier's precision and recall too; all others are told while training."""
    later = {"f1"} | ({"precision", "recall"} if task == "classify" else set())
    assert set(METRICS[task]) == set(figures_of(task)) - later
    assert QUALITY[task] in METRICS[task]


def test_map50_is_never_mistaken_for_another() -> None:
    """A pattern that begins a word and ends in = tells them apart."""
    losses, metrics, _ = LINES["pose"]
    line = epoch_line({"epoch": 1, **figures("pose", losses, metrics)}, 2)
    assert re.findall(r"\bmap50=([0-9.]+)", line) == ["0.81000"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_training(value: float) -> None:
    """The message names the loss and the epoch."""
    with pytest.raises(DivergedError, match=r"cls_loss became (nan|inf) in epoch 4"):
        require_finite({**BOXES, "cls_loss": value}, 4)


def test_finite_losses_pass() -> None:
    """Nothing is raised for numbers."""
    require_finite(BOXES, 1)
