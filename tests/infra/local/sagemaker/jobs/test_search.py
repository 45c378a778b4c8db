"""Where a search looks next, and which trials it gives up."""

from __future__ import annotations

import statistics
from random import Random

import pytest

from infra.local.sagemaker.jobs.ranges import Axis, Point, axes
from infra.local.sagemaker.jobs.search import ENOUGH, STARTING, anywhere, hopeless, promising

ALONG = axes(
    {
        "ContinuousParameterRanges": [
            {"Name": "rate", "MinValue": "0", "MaxValue": "1"},
            {"Name": "decay", "MinValue": "0", "MaxValue": "1"},
        ],
        "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["SGD", "Adam", "AdamW", "RMSProp"]}],
    }
)


def score(point: Point) -> float:
    """Best at a rate of 0.3 and a decay of 0.8 with the third optimiser."""
    third = 0.5 <= point["optimizer"] < 0.75
    return -((point["rate"] - 0.3) ** 2) - (point["decay"] - 0.8) ** 2 - (0.0 if third else 0.2)


def best_of(trials: int, seed: int, *, learning: bool) -> float:
    """The best score that a search finds in so many trials."""
    random, tried = Random(seed), list[tuple[Point, float]]()
    for _ in range(trials):
        point = promising(ALONG, tried, random) if learning else anywhere(ALONG, random)
        tried.append((point, score(point)))
    return max(value for _, value in tried)


def test_a_search_that_learns_finds_better_places_than_one_that_does_not() -> None:
    """The median of many searches of twenty trials each."""
    learned = statistics.median(best_of(20, seed, learning=True) for seed in range(60))
    drawn = statistics.median(best_of(20, seed, learning=False) for seed in range(60))
    assert learned > drawn / 2  # both are below 0: at most half as far from the best


def test_a_search_starts_at_random() -> None:
    """Before anything has been tried there is nothing to learn from."""
    tried = [({"rate": 0.5, "decay": 0.5, "optimizer": 0.5}, 1.0)] * (STARTING - 1)
    assert promising(ALONG, tried, Random(3)) == anywhere(ALONG, Random(3))


def test_every_place_lies_on_its_axis_whatever_was_tried() -> None:
    """Also where all good trials are at an end of it."""
    tried = [({"rate": 1.0, "decay": 0.0, "optimizer": 0.99}, float(number)) for number in range(8)]
    for seed in range(50):
        point = promising(ALONG, tried, Random(seed))
        assert all(0 <= place <= 1 for place in point.values())


def test_the_same_results_lead_to_the_same_place() -> None:
    """A stand-in that starts again goes on as it would have."""
    along = [Axis("rate", str)]
    tried = [({"rate": number / 10}, float(number)) for number in range(6)]
    assert promising(along, tried, Random("a 6")) == promising(along, tried, Random("a 6"))


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([0.1, 0.19], True),  # the median of 0.2, 0.25 and 0.3
        ([0.1, 0.25], False),
        ([0.1, 0.26], False),
        ([0.9, 0.2], True),
        ([0.15], True),
        ([0.2], False),
        ([], False),
        ([0.0, 0.0, 0.0], False),
    ],
    ids=str,
)
def test_a_trial_worse_than_the_median_of_running_averages_is_hopeless(curve: list[float], expected: bool) -> None:
    """Up to the same epoch, of the trials that got as far."""
    ended = [[0.1, 0.3], [0.2, 0.3], [0.3, 0.3]]
    assert hopeless(curve, ended) is expected


def test_a_few_trials_are_no_median() -> None:
    """The first ones run to their end."""
    assert not hopeless([0.0], [[0.9]] * (ENOUGH - 1))
    assert hopeless([0.0], [[0.9]] * ENOUGH)
