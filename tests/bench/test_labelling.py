"""Labels of pictures that ``greenlight label`` chose teach more than as many of pictures that nobody chose."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.bench.labelling.trial import CHOSEN, RANDOM, Outcome, Pythons, Size, Trial
from tests.bench.training.workload import Workload

pytestmark = [pytest.mark.bench, pytest.mark.training]

SEEDS = tuple(range(41, 53))
"""Of production as it is drawn in each round. What was looked at while choosing was written is another seed's."""
STUDENT = 2.201
"""Within how many standard errors 95 % of Student's distribution lie, with one degree of freedom less than SEEDS."""


@pytest.mark.timeout(7200)
def test_a_budget_spent_by_choice_teaches_more_of_the_shifted_light_than_one_spent_at_random(
    training_python: Path,
    serving_python: Path,
    sample_training: Workload,
    sample_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same model, pictures, budget and further epochs in each way; production is drawn anew in every round.

    A tenth of production's benches are in the light that the model never saw, and each bench is there four times; a
    watch has looked at all of them. What is required is that the difference in mAP50-95 on held-out pictures in that
    light has an interval above zero.
    """
    size, pythons = Size(), Pythons(training_python, serving_python)
    trial = Trial(pythons, tmp_path, size, sample_model, sample_training.channel)
    rounds = [trial.round(seed) for seed in SEEDS]
    low, high = interval(differences(rounds))
    with capsys.disabled():
        print(f"\n{size}, {len(SEEDS)} rounds; before: {trial.figures()}")
        for line in table(rounds):
            print(line)
        print(f"chosen less at random, in the shifted light: {low:+.3f} to {high:+.3f} (95 %)")
    assert low > 0


def differences(rounds: Sequence[Mapping[str, Outcome]]) -> list[float]:
    """How far the choice is ahead in each round, in the shifted light."""
    return [one[CHOSEN].shifted - one[RANDOM].shifted for one in rounds]


def table(rounds: Sequence[Mapping[str, Outcome]]) -> list[str]:
    """A line for each way: the mean figures with their intervals, and what the budget was spent on."""
    spent = ("chosen_shifted", "benches", "shifted_benches")
    told = ("of them shifted", "benches", "shifted benches")
    lines = [f"{'way':18} {'shifted light':>24} {'plain light':>24} " + " ".join(f"{one:>15}" for one in told)]
    for way in (CHOSEN, RANDOM):
        found = [one[way] for one in rounds]
        shifted, plain = ([getattr(one, light) for one in found] for light in ("shifted", "plain"))
        means = [statistics.mean(getattr(one, what) for one in found) for what in spent]
        lines.append(f"{way:18} {words(shifted):>24} {words(plain):>24} " + " ".join(f"{one:15.1f}" for one in means))
    return lines


def words(values: Sequence[float]) -> str:
    """A mean with its interval."""
    low, high = interval(values)
    return f"{statistics.mean(values):.3f} [{low:.3f}, {high:.3f}]"


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean, by Student's distribution."""
    spread = STUDENT * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.mean(values) - spread, statistics.mean(values) + spread
