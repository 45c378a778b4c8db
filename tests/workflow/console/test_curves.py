"""Curves of a training."""

from __future__ import annotations

from workflow.console.curves import HEIGHT, WIDTH, charts
from workflow.runs.progress import Epoch


def test_quality_is_drawn_from_0_to_1_and_losses_from_0_to_their_highest() -> None:
    """So that one training's curve can be compared with another's."""
    epochs = [Epoch(1, 3, {"map50": 0.5, "box_loss": 4.0}), Epoch(2, 3, {"map50": 1.0, "box_loss": 1.0})]
    quality, losses = charts(epochs)
    assert (quality.top, losses.top, quality.epochs) == ("1", "4", 3)
    assert quality.curves[0].points == f"0.0,{HEIGHT / 2:.1f} {WIDTH / 2:.1f},0.0"
    assert losses.curves[0].points == f"0.0,0.0 {WIDTH / 2:.1f},{HEIGHT * 0.75:.1f}"


def test_the_first_epoch_alone_is_seen() -> None:
    """A line of one point would not be."""
    (chart,) = charts([Epoch(1, 50, {"top1": 0.3})])
    assert len(chart.curves[0].points.split()) == 2
    assert charts([]) == []
