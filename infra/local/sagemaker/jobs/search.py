"""Where a search looks next, and which of its trials it gives up. Pure: knows places and scores, no job.

``Bayesian`` is a Tree-structured Parzen Estimator (Bergstra et al., Algorithms for Hyper-Parameter Optimization,
NeurIPS 2011, section 4), where SageMaker uses Gaussian processes: what it tries differs, what it is for does not. Its
own few lines, because the libraries that have one bring a database (Optuna) or SciPy and scikit-learn
(scikit-optimize) into the stand-in.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from random import Random

from infra.local.sagemaker.jobs.ranges import Axis, Point

STARTING = 4
"""Trials drawn at random before the others can tell anything."""
GOOD = 0.25
"""Share of the trials that count as good."""
CANDIDATES = 24
"""Places that are drawn near good trials, of which the best is taken."""
ENOUGH = 3
"""Trials that must have ended before a median of theirs stops another; the service does not say how many it wants."""


def anywhere(along: Sequence[Axis], random: Random) -> Point:
    """A place drawn evenly."""
    return {axis.name: random.random() for axis in along}


def promising(along: Sequence[Axis], tried: Sequence[tuple[Point, float]], random: Random) -> Point:
    """A place where good trials are dense and others are not; ``tried`` holds places with scores, higher is better."""
    if len(tried) < STARTING:
        return anywhere(along, random)
    ranked = [point for point, _ in sorted(tried, key=lambda trial: trial[1], reverse=True)]
    border = math.ceil(len(ranked) * GOOD)
    good, others = ranked[:border], ranked[border:]
    return {
        axis.name: _place(axis, [point[axis.name] for point in good], [point[axis.name] for point in others], random)
        for axis in along
    }


def _place(axis: Axis, good: list[float], others: list[float], random: Random) -> float:
    near, far = (_density(axis, places) for places in (good, others))
    width = _width(good)
    drawn = []
    for _ in range(CANDIDATES):
        # One in as many as there are good ones is drawn evenly, so that nothing is out of reach.
        at = random.randrange(len(good) + 1)
        even = at == len(good) or axis.choices
        drawn.append(random.random() if even else min(max(random.gauss(good[at], width), 0.0), 1.0))
    return max(drawn, key=lambda place: near(place) / far(place))


def _density(axis: Axis, places: list[float]) -> Callable[[float], float]:
    """How dense places lie around a place: Gaussians on an even floor, or counts where it is a choice."""
    if axis.choices:
        chosen = [_choice(axis, place) for place in places]
        return lambda place: (chosen.count(_choice(axis, place)) + 1) / (len(chosen) + axis.choices)
    width = _width(places)
    scale = width * math.sqrt(2 * math.pi)
    return lambda place: (
        (1 + sum(math.exp(-(((place - other) / width) ** 2) / 2) / scale for other in places)) / (1 + len(places))
    )


def _choice(axis: Axis, place: float) -> int:
    return min(int(place * axis.choices), axis.choices - 1)


def _width(places: list[float]) -> float:
    """Standard deviation of each Gaussian: the more places, the narrower."""
    return max(0.05, 0.5 / (1 + len(places)))


def hopeless(curve: Sequence[float], ended: Sequence[Sequence[float]]) -> bool:
    """Whether a trial is to be stopped, by its scores so far and those of the trials that ran to their end.

    SageMaker's rule for TrainingJobEarlyStoppingType Auto (Developer Guide, "Stop Training Jobs Early"): its latest
    score is worse than the median of the others' running averages up to the same epoch. Higher is better here.
    """
    epoch = len(curve)
    averages = [statistics.fmean(other[:epoch]) for other in ended if len(other) >= epoch > 0]
    return len(averages) >= ENOUGH and curve[-1] < statistics.median(averages)
