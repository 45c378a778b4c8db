"""The evaluation of every task as the real program, from a model's archive to what the release compares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdas.smoke_test.comparison import difference
from tests.containers.serving.evaluation.programs import evaluate, run_program
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.publish_tasks import TASKS
from workflow.contract.scores import Metrics, figures_of
from workflow.contract.smoke import Expectation, answer_of

pytestmark = [pytest.mark.serving, pytest.mark.training]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_measured_and_its_endpoint_answers_as_expected(
    task: str, published: Path, serving_python: Path, tmp_path: Path
) -> None:
    """Every figure of the task with its interval, and pictures that the server sees as the evaluation did."""
    model = published / task / "model"
    run_program(serving_python, "evaluation.label_pictures", model, tmp_path / "set")
    evaluate(serving_python, tmp_path / "job", model, tmp_path / "set")
    output = tmp_path / "job" / "processing" / "output" / "evaluation"
    metrics = Metrics.parse(json.loads((output / "metrics.json").read_text()))
    assert metrics.task == task
    assert metrics.quality > 0, "a measurement of nothing would prove nothing"
    assert set(metrics.candidate.intervals) == set(figures_of(task))
    for name, interval in metrics.candidate.intervals.items():
        figure = metrics.candidate.figure(name)
        assert figure is not None
        assert interval.low - 0.05 <= figure <= interval.high + 0.05
    predictions = json.loads((output / "predictions.json").read_text())
    assert len(predictions["images"]) == metrics.images == 10
    expectation = Expectation.parse(json.loads((output / "smoke" / "smoke.json").read_text()))
    assert len(expectation.images) == 3
    server = Server(serving_python, published / task).wait()
    try:
        for image in expectation.images:
            status, answer = server.invoke((output / "smoke" / image.file).read_bytes())
            assert status == 200
            assert difference(image.answer, answer_of(answer), expectation.confidence) == ""
    finally:
        server.stop()
