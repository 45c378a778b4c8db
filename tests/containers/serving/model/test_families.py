"""A network of each family, from its weights to an answer, sees what ultralytics sees, in every precision."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.containers.serving.conftest import ROOT
from tests.containers.serving.model.test_every_task import area
from tests.containers.serving.publish_families import NETWORKS, OF_INTEGERS, SIZE

pytestmark = [pytest.mark.serving, pytest.mark.training]

SUMS = {
    "yolo11n": 1,
    "yolo12n": 1,
    "yolo26n": 3,
    "yolo26n-seg": 3,
    "yolo26n-pose": 3,
    "yolo26n-obb": 6,
    "yolo26n-cls": 0,
}
"""Convolutions that give a box's sides: one that weighs bins, or one on each grid; as many more for turned boxes."""


@dataclass(frozen=True)
class Answered:
    """Where the networks are, and what was noted of each."""

    folder: Path
    noted: dict[str, Any]


@pytest.fixture(scope="module")
def answered(
    training_python: Path, serving_python: Path, photograph: Path, tmp_path_factory: pytest.TempPathFactory
) -> Answered:
    """All of them, published by one environment and asked in the other."""
    folder = tmp_path_factory.mktemp("families") / "published"
    publish = [str(training_python), "-m", "tests.containers.serving.publish_families", str(folder), str(photograph)]
    ask = [str(serving_python), "-m", "tests.containers.serving.model.ask_families", str(folder)]
    for program in (publish, ask):
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    return Answered(folder, json.loads(done.stdout))


def in_their_order(found: list[dict[str, Any]], expected: dict[str, Any], places: list[Any]) -> list[dict[str, Any]]:
    """What was found, each at the number of the expected object that it is nearest to, in place, score and class.

    Which of two scores that differ by less than their arithmetic comes first depends on the processor.
    """
    left, ordered = list(found), list[dict[str, Any]]()
    classes = expected.get("classes", [None] * len(places))

    def distance(one: dict[str, Any], number: int) -> float:
        here = sorted(one["corners"]) if "corners" in one else one["box"]
        apart = float(np.abs(np.array(here) - np.array(places[number])).max())
        other = classes[number] not in (None, one["class_id"])
        return apart + 100 * abs(one["score"] - expected["scores"][number]) + other

    for number in range(len(places)):
        ordered.append(left.pop(int(np.argmin([distance(one, number) for one in left]))))
    return ordered


@pytest.mark.parametrize("network", NETWORKS)
def test_every_family_answers_as_ultralytics_does(answered: Answered, network: str) -> None:
    """The same objects within 0.1 pixels and 0.001 of score; masks within one per cent of their area."""
    answer = answered.noted[network]["answer"]
    expected = json.loads((answered.folder / network / "expected.json").read_text())
    if network.endswith("-cls"):
        best = answer["classification"]
        assert [one["class_id"] for one in best] == expected["top5"]
        scores = [expected["scores"][one["class_id"]] for one in best]
        assert [one["score"] for one in best] == pytest.approx(scores, abs=1e-3)
        return
    assert len(answer["detections"]) == len(expected["scores"]) > 3
    turned = network.endswith("-obb")
    places = [sorted(corners) for corners in expected["corners"]] if turned else expected["boxes"]
    found = in_their_order(answer["detections"], expected, places)
    assert [one["score"] for one in found] == pytest.approx(expected["scores"], abs=1e-3)
    if turned:
        for one, corners in zip(found, places, strict=True):
            assert np.abs(np.array(sorted(one["corners"])) - corners).max() < 0.1
        return
    assert [one["class_id"] for one in found] == expected["classes"]
    assert np.abs(np.array([one["box"] for one in found]) - expected["boxes"]).max() < 0.1
    if network.endswith("-pose"):
        points = np.array([one["keypoints"] for one in found])
        assert np.abs(points[..., :2] - np.array(expected["keypoints"])[..., :2]).max() < 0.1
    if network.endswith("-seg"):
        areas = np.array([area(one["mask"]["counts"]) for one in found])
        assert areas == pytest.approx(np.array(expected["areas"]), rel=0.01, abs=25)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_graph_is_compiled_for_the_sizes_that_come(answered: Answered, network: str) -> None:
    """At start for the smallest alone; a square picture adds its own, where the graph is not fixed to that."""
    square = [SIZE, SIZE]
    at_start, after = answered.noted[network]["compiled"]
    assert at_start == ([square] if network.endswith("-cls") else [[96, SIZE]])
    assert after == ([square] if network.endswith("-cls") else [[96, SIZE], square])


@pytest.mark.parametrize("network", NETWORKS)
def test_boxes_are_exact_in_16_bits(answered: Answered, network: str) -> None:
    """The convolutions that give their sides are sums; where the processor has bfloat16, no side is rounded to it.

    Rounded, nearly all sides would take few bits. Of random weights some bins weigh nothing, and a few sides are whole.
    """
    noted = answered.noted[network]
    assert noted["sums"] == SUMS[network]
    assert noted["bf16"]["apart"] < 0.3
    if noted["bf16"]["runtime"].endswith("bf16") and SUMS[network]:
        assert noted["bf16"]["stepped"] < 0.5


@pytest.mark.parametrize("network", OF_INTEGERS)
def test_integers_cost_no_more_than_where_ultralytics_runs_them(answered: Answered, network: str) -> None:
    """Random weights amplify every rounding, and two runtimes round apart: neither is far from f32, ours no farther."""
    noted = answered.noted[network]["int8"]
    assert noted["ours"] < 0.6
    assert noted["ours"] < 1.5 * noted["theirs"]


@pytest.mark.parametrize("network", OF_INTEGERS)
def test_what_integers_leave_in_floats_may_be_of_16_bits(answered: Answered, network: str) -> None:
    """Where the processor has bfloat16: hardly farther from f32 than with 32 bits, and no side of a box is rounded."""
    noted = answered.noted[network]["int8"]
    assert noted["ours"] < 1.1 * noted["with floats"]
    if noted["runtime"].endswith("int8 bf16"):
        assert noted["stepped"] < 0.5
