"""The line of an epoch, which metric patterns read."""

from __future__ import annotations

import math
import re

import pytest

from containers.training.progress import DivergedError, epoch_line, require_finite

LOSSES = {"box_loss": 1.92, "cls_loss": 1.1, "dfl_loss": 1.3}
METRICS = {
    "metrics/precision(B)": 0.9,
    "metrics/recall(B)": 0.8,
    "metrics/mAP50(B)": 0.81,
    "metrics/mAP50-95(B)": 0.55,
    "fitness": 0.6,
}


def test_the_line_of_an_epoch_holds_every_figure_once() -> None:
    """Names and order are part of the contract."""
    assert epoch_line(9, 15, LOSSES, METRICS, 0.002, 1.84) == (
        "epoch=9 epochs=15 box_loss=1.92000 cls_loss=1.10000 dfl_loss=1.30000 precision=0.90000 recall=0.80000 "
        "map50=0.81000 map50_95=0.55000 lr=0.002 seconds=1.8"
    )


def test_map50_is_never_mistaken_for_map50_95() -> None:
    """A pattern that ends in = tells the two apart."""
    line = epoch_line(1, 2, LOSSES, METRICS, 0.002, 1.0)
    assert re.findall(r"\bmap50=([0-9.]+)", line) == ["0.81000"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_training(value: float) -> None:
    """The message names the loss and the epoch."""
    with pytest.raises(DivergedError, match=r"cls_loss became (nan|inf) in epoch 4"):
        require_finite({**LOSSES, "cls_loss": value}, 4)


def test_finite_losses_pass() -> None:
    """Nothing is raised for numbers."""
    require_finite(LOSSES, 1)
