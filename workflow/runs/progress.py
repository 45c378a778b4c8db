"""Reads the training's log lines, one an epoch, into what a live view shows: pure.

A line is ``epoch=9 epochs=15 box_loss=1.92 … quality=0.55 … seconds=1.8``; any other line is passed over. Which
figures a line has depends on the task; none but the two counts must be there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from workflow.contract.figures import format_figure
from workflow.contract.scores import FIGURE_NAMES
from workflow.table import format_seconds

_PAIR = re.compile(r"\b([a-z][a-z0-9_]*)=(\S+)")
_RECENT = 3
_HEADLINES = ("keypoint_map50", "mask_map50", "map50", "top1")
"""The figure that stands for all, the most telling of those a line has."""
_LOSSES = ("box_loss", "loss")
"""The loss that stands for all."""
_STEPS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Epoch:
    """Figures of one pass over the training images, by their names in the line."""

    number: int
    of: int
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it took, 0 where the line does not tell."""
        return self.figures.get("seconds", 0.0)

    def document(self) -> dict[str, float]:
        """The epoch as JSON."""
        return {"number": self.number, "of": self.of, **self.figures}


def parse_epoch(line: str) -> Epoch | None:
    """Read one log line, or None where it is none of an epoch."""
    if "epoch=" not in line:
        return None
    pairs = dict(_PAIR.findall(line))
    try:
        number, of = int(pairs.pop("epoch")), int(pairs.pop("epochs"))
    except (KeyError, ValueError):
        return None
    figures = {name: value for name, text in pairs.items() if (value := _number(text)) is not None}
    return Epoch(number, of, figures)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def parse_epochs(lines: Iterable[str]) -> list[Epoch]:
    """The epochs in these lines, in order; a resumed training repeats a number and the later line holds."""
    found = {epoch.number: epoch for line in lines if (epoch := parse_epoch(line)) is not None}
    return [found[number] for number in sorted(found)]


def draw_bar(done: int, whole: int, width: int = 15) -> str:
    """A bar of blocks, as long as ``width`` or the number of epochs."""
    width = min(width, max(whole, 1))
    full = round(width * done / whole) if whole else 0
    return "▇" * full + "▁" * (width - full)


def draw_curve(values: Sequence[float], width: int = 40, highest: float = 1.0) -> str:
    """A curve of blocks from 0 to ``highest``, one for each value or for each few of them.

    The scale is fixed, so that a curve that is drawn again while it grows does not change what it has shown, and low
    figures do not look like high ones.
    """
    if not values:
        return ""
    columns = min(width, len(values))
    edges = [round(column * len(values) / columns) for column in range(columns + 1)]
    means = [sum(values[start:end]) / (end - start) for start, end in pairwise(edges)]
    most = len(_STEPS) - 1
    heights = [round(mean / highest * most) if highest > 0 else 0 for mean in means]
    return "".join(_STEPS[max(0, min(most, height))] for height in heights)


def draw_curves(epochs: Sequence[Epoch]) -> list[str]:
    """A line for ``quality`` and one for each loss: name, curve and latest value, in columns.

    Quality goes from 0 to 1; a loss from 0 to where it began, or its highest.
    """
    names = [name for name in epochs[-1].figures if name == "quality" or name.endswith("loss")] if epochs else []
    names.sort(key=lambda name: name != "quality")
    longest = max(map(len, names), default=0)
    lines = []
    for name in names:
        values = [epoch.figures[name] for epoch in epochs if name in epoch.figures]
        curve = draw_curve(values, highest=1.0 if name == "quality" else max(values))
        lines.append(f"{readable_name(name).ljust(longest)}  {curve}  {format_figure(values[-1])}")
    return lines


def readable_name(figure: str) -> str:
    """A figure of the line as people read it."""
    return FIGURE_NAMES.get(figure, figure.replace("_", " "))


def draw_trend(values: list[float]) -> str:
    """An arrow for where the last value goes against the mean of the few before it."""
    if len(values) < 2:
        return " "
    before = values[-1 - _RECENT : -1]
    change = values[-1] - sum(before) / len(before)
    if abs(change) < 0.005:
        return "→"
    return "↗" if change > 0 else "↘"


def seconds_left(epochs: list[Epoch]) -> float:
    """Time the epochs still to come take, by the last few; start and end of the job not counted."""
    if not epochs:
        return 0.0
    recent = epochs[-_RECENT:]
    return (epochs[-1].of - epochs[-1].number) * sum(epoch.seconds for epoch in recent) / len(recent)


def headlines(epoch: Epoch) -> list[str]:
    """The names of the figure and the loss that stand for an epoch, as far as its line has them."""
    found = [next((name for name in names if name in epoch.figures), "") for names in (_HEADLINES, _LOSSES)]
    return [name for name in found if name]


def progress_line(epochs: list[Epoch]) -> str:
    """The training so far on one line, how long it will still take first; empty before the first epoch."""
    if not epochs:
        return ""
    last = epochs[-1]
    left = seconds_left(epochs)
    parts = [f"about {format_seconds(left)} left"] if left >= 1 else []
    parts.append(f"epoch {last.number}/{last.of} {draw_bar(last.number, last.of, 10)}")
    for name in headlines(last):
        values = [epoch.figures[name] for epoch in epochs if name in epoch.figures]
        parts.append(f"{readable_name(name)} {format_figure(values[-1])} {draw_trend(values)}")
    return "  ".join(parts).rstrip()


def summary_line(epochs: list[Epoch]) -> str:
    """A finished training on one line, empty where nothing is known of it."""
    if not epochs:
        return ""
    last = epochs[-1]
    count = "1 epoch" if last.number == 1 else f"{last.number} epochs"
    figures = [f"{readable_name(name)} {format_figure(last.figures[name])}" for name in headlines(last)]
    return "  ".join([count, *figures])
