"""Reads the training's log lines, one an epoch, into what a live view shows: pure.

A line is ``epoch=9 epochs=15 box_loss=1.92 … map50=0.81 … seconds=1.8``; any other line is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PAIR = re.compile(r"\b([a-z][a-z0-9_]*)=(\S+)")
_RECENT = 3


@dataclass(frozen=True)
class Epoch:
    """Figures of one pass over the training images; ``seconds`` is its length, 0 where the line does not tell."""

    number: int
    of: int
    map50: float
    box_loss: float
    seconds: float


def epoch_of(line: str) -> Epoch | None:
    """Read one log line, or None where it is none of an epoch."""
    if "epoch=" not in line:
        return None
    pairs = dict(_PAIR.findall(line))
    try:
        return Epoch(
            number=int(pairs["epoch"]),
            of=int(pairs["epochs"]),
            map50=float(pairs["map50"]),
            box_loss=float(pairs["box_loss"]),
            seconds=float(pairs.get("seconds", "0")),
        )
    except (KeyError, ValueError):
        return None


def epochs_of(lines: Iterable[str]) -> list[Epoch]:
    """The epochs in these lines, in order; a resumed training repeats a number and the later line holds."""
    found = {epoch.number: epoch for line in lines if (epoch := epoch_of(line)) is not None}
    return [found[number] for number in sorted(found)]


def bar(done: int, whole: int, width: int = 15) -> str:
    """A bar of blocks, as long as ``width`` or the number of epochs."""
    width = min(width, max(whole, 1))
    full = round(width * done / whole) if whole else 0
    return "▇" * full + "▁" * (width - full)


def trend(values: list[float]) -> str:
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


def progress_line(epochs: list[Epoch]) -> str:
    """The training so far on one line, empty before the first epoch."""
    if not epochs:
        return ""
    last = epochs[-1]
    text = (
        f"epoch {last.number}/{last.of} {bar(last.number, last.of)}"
        f"  mAP50 {last.map50:.2f} {trend([epoch.map50 for epoch in epochs])}"
        f"  box loss {last.box_loss:.2f} {trend([epoch.box_loss for epoch in epochs])}"
    )
    return text.rstrip()
