"""Measures candidates on the same pictures, in turns: how well each sees, and how long a picture takes.

In turns, so that whatever else the machine does meets all of them alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import cycle, islice
from statistics import median

from containers.serving.evaluation.held_out import HeldOut
from containers.serving.evaluation.measurement import PROGRESS_SECONDS, observe
from containers.serving.evaluation.scoring import Standing
from containers.serving.model.image import read_as_sent
from containers.serving.model.predictor import Predictor
from containers.serving.model.thresholds import Thresholds
from containers.serving.precision.sampling import spread

TURNS, FEWEST_TURNS, TIMING_SECONDS = 30, 5, 20.0
"""How often each candidate is timed: so often, or less often where that would take too long."""

Candidates = Mapping[str, Predictor]
Say = Callable[[str], None]


def time_in_turns(candidates: Candidates, held_out: HeldOut) -> dict[str, float]:
    """Milliseconds that a picture takes each candidate from its bytes to the answer, the median of up to 30 turns."""
    usual = Thresholds.usual(held_out.task, Thresholds().confidence)
    spent: dict[str, list[float]] = {name: [] for name in candidates}
    began = time.monotonic()
    for turn, picture in enumerate(islice(cycle(spread(held_out.pictures, TURNS)), TURNS)):
        if turn >= FEWEST_TURNS and time.monotonic() - began > TIMING_SECONDS:
            break
        data = read_as_sent(picture.path)
        for name, predictor in candidates.items():
            started = time.perf_counter()
            predictor.predict(data, usual)
            spent[name].append((time.perf_counter() - started) * 1000)
    return {name: round(median(times), 3) for name, times in spent.items()}


def look_in_turns(candidates: Candidates, held_out: HeldOut, say: Say) -> dict[str, Standing]:
    """How each candidate stands on all pictures. Raises HeldOutError for one that cannot be read."""
    observers = {name: observe(predictor, held_out, Thresholds().confidence) for name, predictor in candidates.items()}
    told = time.monotonic()
    for done, picture in enumerate(held_out.pictures):
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            say(f"looked at {done} of {len(held_out.pictures)} pictures")
        for observer in observers.values():
            observer.look(picture, None)
    return {name: Standing.of(observer.record(), len(held_out.pictures)) for name, observer in observers.items()}
