"""What is called a drift: sure and large, over all figures together; the statistics against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from containers.serving.drift import verdict
from containers.serving.drift.distances import energy, largest_gap, moved_share
from containers.serving.drift.table import FIGURES, Row, Table
from containers.serving.drift.verdict import CLASSES, FEATURES, compare, rank_together, relabel, too_small

SHARES = (0.5, 0.3, 0.2)


def table(random: np.random.Generator, pictures: int, **moved: Any) -> Table:
    """Pictures with correlated figures, some without an object; ``moved`` adds to figures, or gives ``shares``."""
    shares, features = moved.pop("shares", SHARES), moved.pop(FEATURES, 0.0)
    rows = []
    for at in range(pictures):
        light = random.normal()
        figures = {name: light + random.normal() + moved.get(name, 0.0) for name in FIGURES}
        objects = int(random.poisson(2))
        figures |= {"objects": float(objects), "score": figures["score"] if objects else float("nan")}
        counts = np.bincount(random.choice(len(shares), objects, p=shares), minlength=len(shares))
        vector = random.normal(size=16) + light + features
        rows.append(Row(f"{at}.jpg", figures, counts, vector.astype(np.float32)))
    return Table.of(rows, len(SHARES))


def drifted(reference: Table, window: Table) -> set[str]:
    return {one.name for one in compare(reference, window) if one.drifted}


def test_windows_like_the_reference_are_not_called_drifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One window in RARE over all twelve figures; without the floors, so that the ranks alone are tried."""
    monkeypatch.setattr(verdict, "DRAWS", 199)
    monkeypatch.setattr(verdict, "RARE", 0.05)
    for name in ("LARGE_GAP", "LARGE_SHARE", "LARGE_ENERGY"):
        monkeypatch.setattr(verdict, name, 0.0)
    random = np.random.default_rng(5)
    alarms = [bool(drifted(table(random, 30), table(random, 35))) for _ in range(100)]
    assert 1 <= sum(alarms) <= 12, "5 are expected of 100"


@pytest.mark.parametrize(
    ("moved", "name"),
    [
        ({"brightness": 2.0}, "brightness"),
        ({"score": -2.0}, "score"),
        ({"shares": (0.1, 0.3, 0.6)}, CLASSES),
        ({FEATURES: 1.0}, FEATURES),
    ],
)
def test_what_moved_is_named_and_nothing_else(moved: dict[str, Any], name: str) -> None:
    random = np.random.default_rng(6)
    assert drifted(table(random, 120), table(random, 120, **moved)) == {name}


def test_a_sure_difference_that_is_small_is_no_drift() -> None:
    """Of thousands of pictures everything differs a little."""
    random = np.random.default_rng(7)
    found = {one.name: one for one in compare(table(random, 800), table(random, 1000, contrast=0.4))}
    assert found["contrast"].chance <= verdict.RARE
    assert not found["contrast"].drifted


def test_few_pictures_are_not_judged() -> None:
    assert too_small(500, 29) == "the window has 29 pictures, 30 are needed"
    assert too_small(16, 100) == "the reference has 16 pictures, 30 are needed"
    assert too_small(30, 30) == ""


def test_the_largest_gap_is_kolmogorovs_and_smirnovs() -> None:
    """Worked out by hand: shares below 2 are 2/3 and 0; below 3, 1 and 1/2; unknown pictures count in neither set."""
    values = np.array([1.0, 1.0, 2.0, 2.0, 3.0, np.nan, np.nan])
    labels = np.array([[True, True, True, False, False, True, False], [False] * 5 + [True] * 2])
    assert largest_gap(values, labels).tolist() == [pytest.approx(2 / 3), 0.0]


def test_the_moved_share_is_the_total_variation() -> None:
    """Of 4 bolts in 6 things, and 1 in 4: 2/3 - 1/4 have become nuts."""
    counts = np.array([[3, 1], [1, 1], [1, 3]])
    assert moved_share(counts, np.array([[True, True, False]])) == pytest.approx([2 / 3 - 1 / 4])


def test_the_energy_coefficient_is_that_of_its_definition() -> None:
    """By three means over all pairs."""
    random = np.random.default_rng(8)
    features = random.normal(size=(9, 4)).astype(np.float32)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    label = np.arange(9) < 4
    first, second = features[label], features[~label]

    def mean(one: Any, other: Any) -> float:
        return float(np.mean([np.linalg.norm(x - y) for x in one for y in other]))

    across = 2 * mean(first, second)
    expected = (across - mean(first, first) - mean(second, second)) / across
    assert energy(features, label[None]) == pytest.approx([expected], abs=1e-5)


def test_the_true_split_is_the_first_and_one_of_those_that_are_ranked() -> None:
    labels = relabel(3, 4, np.random.default_rng(0))
    assert labels[0].tolist() == [True] * 3 + [False] * 4
    assert set(labels.sum(axis=1).tolist()) == {3}
    assert rank_together(np.array([[9.0, *[0.0] * 99], [0.0] * 100])).tolist() == [0.01, 1.0]
