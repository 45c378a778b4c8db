"""A network of each task, from its weights to an answer over HTTP, sees what ultralytics sees."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.containers.serving.conftest import ROOT
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.publish_tasks import TASKS

pytestmark = [pytest.mark.serving, pytest.mark.training]


@pytest.fixture(params=TASKS)
def answered(
    request: pytest.FixtureRequest, published: Path, serving_python: Path, photograph: Path
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The task, the server's answer, and what is expected; every other form is answered as well."""
    folder = published / request.param
    server = Server(serving_python, folder).wait()
    try:
        expected = json.loads((folder / "expected.json").read_text())
        wanted = f"confidence={expected['confidence']},masks=rle"
        status, answer = server.invoke(photograph.read_bytes(), X_Amzn_SageMaker_Custom_Attributes=wanted)
        assert status == 200
        yield request.param, answer, expected
        for form in ("text/csv", "application/x-npy", "image/jpeg"):
            headers = {"Content_Type": "image/png", "Accept": form}
            assert server.ask("POST", "/invocations", photograph.read_bytes(), **headers)[0] == 200, form
    finally:
        server.stop()


def test_every_task_answers_as_ultralytics_does(answered: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    """The same objects within 0.1 pixels and 0.001 of score; masks within one per cent of their area."""
    task, answer, expected = answered
    if task == "classify":
        best = answer["classification"]
        assert [one["class_id"] for one in best] == expected["top5"]
        assert [one["score"] for one in best] == pytest.approx(
            [expected["scores"][one["class_id"]] for one in best], abs=1e-3
        )
        return
    found = answer["detections"]
    assert len(found) == len(expected["scores"]) > 3
    assert [one["score"] for one in found] == pytest.approx(expected["scores"], abs=1e-3)
    if task == "obb":
        for one, corners in zip(found, expected["corners"], strict=True):
            assert np.abs(np.array(sorted(one["corners"])) - sorted(corners)).max() < 0.1
        return
    assert [one["class_id"] for one in found] == expected["classes"]
    assert np.abs(np.array([one["box"] for one in found]) - expected["boxes"]).max() < 0.1
    if task == "pose":
        points = np.array([one["keypoints"] for one in found])
        assert np.abs(points[..., :2] - np.array(expected["keypoints"])[..., :2]).max() < 0.1
    if task == "segment":
        areas = np.array([area(one["mask"]["counts"]) for one in found])
        assert areas == pytest.approx(np.array(expected["areas"]), rel=0.01, abs=25)


@pytest.mark.parametrize("task", TASKS)
def test_what_an_engine_is_built_from_answers_nearly_as_the_graph_does(
    task: str, published: Path, serving_python: Path, training_python: Path, photograph: Path, tmp_path: Path
) -> None:
    """Pixels in, 16 bits inside, by ONNX Runtime on the processor, beside 32 bits: all raw outputs of every task."""
    answers = []
    for kind, python in (("graph", serving_python), ("half", training_python)):
        target = tmp_path / f"{kind}.npz"
        program = [str(python), "-m", "tests.containers.serving.model.run_runtime", kind]
        arguments = [str(published / task / "model"), str(photograph), str(target)]
        done = subprocess.run([*program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        answers.append(np.load(target))
    exact, half = answers
    assert exact.files == half.files
    for name in exact.files:
        assert exact[name].shape == half[name].shape
        # By kind of number: sides, scores, angles. With the colours in another order scores are off by all they vary.
        within = tuple(range(2, exact[name].ndim)) or None
        apart = np.abs(exact[name] - half[name]).mean(axis=within)
        assert apart.max() > 0
        assert np.all(apart < 0.02 * exact[name].std(axis=within))


def area(counts: str) -> int:
    """Pixels of a mask in COCO's compressed run lengths: every second run is inside."""
    runs: list[int] = []
    at = 0
    while at < len(counts):
        value = shift = 0
        more = True
        while more:
            part = ord(counts[at]) - 48
            value |= (part & 0x1F) << shift
            more, shift, at = bool(part & 0x20), shift + 5, at + 1
            if not more and part & 0x10:
                value |= -1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return sum(runs[1::2])
