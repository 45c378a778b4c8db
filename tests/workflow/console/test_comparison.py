"""Builds side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from workflow.console.comparison import Row, Side, differing, figures
from workflow.console.curves import overlay
from workflow.console.executions import Execution
from workflow.console.visits import Status
from workflow.contract.scores import Interval, Metrics, ModelScore
from workflow.runs.progress import Epoch

EXECUTION = Execution("build", "a", "arn", Status.DONE, datetime(2026, 11, 30, tzinfo=UTC))


def side(map50: float | None, digest: str = "d", **settings: str) -> Side:
    """A build that scored so; one that was never measured where it is None."""
    score = ModelScore("m", "a", map50, 0.5, 0.5, 0.5, (), 1.0, 1.0, 1, intervals={"map50": Interval(0.1, 0.9)})
    metrics = None if map50 is None else Metrics(digest, 4, 4, 0.25, score, None, comparison=None, container="")
    return Side(EXECUTION, settings, None, metrics)


def test_only_what_differs_is_told_apart() -> None:
    """A setting that one build lacks differs as well."""
    different, shared = differing([side(0.5, epochs="3", seed="0"), side(0.5, epochs="4", seed="0", lr0="0.1")])
    assert different == [Row("epochs", ("3", "4")), Row("lr0", ("", "0.1"))]
    assert shared == [Row("seed", ("0", "0"))]


def test_the_highest_figure_is_the_best_and_a_tie_or_other_data_has_none() -> None:
    """A build without figures leaves its cell empty."""
    (first, *_) = figures([side(0.5), side(None), side(0.7)])
    assert first == Row("mAP50", ("0.500 (0.100 to 0.900)", "", "0.700 (0.100 to 0.900)"), best=2)
    assert figures([side(0.5), side(0.5)])[0].best == -1
    assert figures([side(0.5), side(0.7, digest="other")])[0].best == -1


def test_trainings_laid_over_one_another_share_a_scale_and_keep_their_colours() -> None:
    """Of losses the highest of all; where one lacks a figure, the colour of the other stays."""
    long = [Epoch(number, 10, {"quality": 0.1 * number, "box_loss": 4.0}) for number in range(1, 11)]
    short = [replace(epoch, of=5, figures={"box_loss": 2.0}) for epoch in long[:5]]
    quality, loss = overlay({"short": short, "long": long})
    assert [(curve.name, curve.number) for curve in quality.curves] == [("long", 1)]
    assert (loss.top, loss.epochs) == ("4", 10)
    half = {curve.points.split()[0].split(",")[1] for curve in loss.curves if curve.name == "short"}
    assert half == {f"{loss.height / 2:.1f}"}
