"""Lays the figures of a training's epochs out as curves: pure geometry, drawn by the template.

Losses share one scale from 0 to their highest value; figures of quality share one from 0 to 1, so that a curve can be
compared with the one before it and with another run's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflow.contract.figures import format_figure
from workflow.runs.progress import Epoch, readable_name

WIDTH, HEIGHT = 320, 96
"""Size of the field that a curve is drawn in."""

_QUALITY = ("quality", "map50", "map50_95", "keypoint_map50", "mask_map50", "top1", "precision", "recall")


@dataclass(frozen=True)
class Curve:
    """One figure over the epochs. ``points`` are those of an SVG polyline; ``number`` chooses its colour."""

    name: str
    points: str
    latest: str
    number: int


@dataclass(frozen=True)
class Chart:
    """Curves on one scale from 0 to ``top``, over epochs 1 to ``epochs``."""

    title: str
    top: str
    epochs: int
    curves: tuple[Curve, ...]
    width: int = WIDTH
    height: int = HEIGHT


def charts(epochs: Sequence[Epoch]) -> list[Chart]:
    """A chart of quality and one of losses, as far as the epochs have such figures."""
    named = list(dict.fromkeys(name for epoch in epochs for name in epoch.figures))
    quality = [name for name in _QUALITY if name in named]
    losses = [name for name in named if name.endswith("loss")]
    found = [("Quality", quality, 1.0)] if quality else []
    if losses:
        highest = max(epoch.figures[name] for epoch in epochs for name in losses if name in epoch.figures)
        found.append(("Losses", losses, highest or 1.0))
    return [_chart(title, names, top, epochs) for title, names, top in found]


COMPARED = ("quality", "box_loss", "loss")
"""The figures by which trainings are laid over one another."""


def overlay(trainings: Mapping[str, Sequence[Epoch]]) -> list[Chart]:
    """A chart for each figure that stands for a training, with a curve for each of them, by its name."""
    found = []
    for figure in COMPARED:
        having = {name: epochs for name, epochs in trainings.items() if any(figure in one.figures for one in epochs)}
        if not having:
            continue
        values = [one.figures[figure] for epochs in having.values() for one in epochs if figure in one.figures]
        top = 1.0 if figure in _QUALITY else max(values) or 1.0
        whole = max(epochs[-1].of for epochs in having.values())
        # A training keeps its colour where another lacks the figure.
        numbers = {name: number for number, name in enumerate(trainings)}
        curves = [_curve(figure, numbers[name], top, max(whole, 2), epochs, name) for name, epochs in having.items()]
        found.append(Chart(readable_name(figure).capitalize(), f"{top:.3g}", whole, tuple(curves)))
    return found


def _chart(title: str, names: Sequence[str], top: float, epochs: Sequence[Epoch]) -> Chart:
    whole = max(epochs[-1].of, 2)
    curves = tuple(_curve(name, number, top, whole, epochs) for number, name in enumerate(names))
    return Chart(title, f"{top:.3g}", epochs[-1].of, curves)


def _curve(figure: str, number: int, top: float, whole: int, epochs: Sequence[Epoch], name: str = "") -> Curve:
    found = [(epoch.number, epoch.figures[figure]) for epoch in epochs if figure in epoch.figures]
    places = [(WIDTH * (at - 1) / (whole - 1), HEIGHT * (1 - min(max(value / top, 0), 1))) for at, value in found]
    if len(places) == 1:
        # A line needs two ends: the first epoch alone is a dot.
        places = [places[0], (places[0][0] + 1, places[0][1])]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return Curve(name or readable_name(figure), points, format_figure(found[-1][1]), number)
