"""The real server as a transform job asks it, and the real join of what it answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.serving.conftest import picture, serving_program
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.joining.test_joined import ENVIRONMENT
from tests.containers.serving.tiny_onnx import write_model
from workflow.contract import batch

pytestmark = pytest.mark.serving
PICTURES = {
    "red.png": picture({(1, 2): "red"}),
    "deep/blue.jpg": picture({(1, 2): "blue"}, form="JPEG", quality=100, subsampling=0),
    "notes.txt": b"no picture at all",
    "broken.jpg": picture({(1, 2): "red"}, form="JPEG")[:300],
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve")


@pytest.fixture(scope="module")
def server(serving_python: Path, base: Path) -> Iterator[Server]:
    write_model(base / "model", gain=1.5)
    running = Server(serving_python, base, **{batch.REFUSALS: batch.ANSWERED}).wait()
    yield running
    running.stop()


def test_what_is_refused_is_a_row_with_its_reason_and_what_is_seen_is_drawn(
    server: Server, serving_python: Path, tmp_path: Path
) -> None:
    """One record that is answered with another status than 200 would fail the whole job."""
    inputs = tmp_path / "processing" / "input"
    for name, content in PICTURES.items():
        status, said = server.invoke(content, "application/x-image")
        assert status == 200, name
        for folder, written in (("answers", f"{name}.out"), ("sheet", name)):
            path = inputs / folder / written
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(json.dumps(said).encode() if folder == "answers" else content)
    (inputs / "sheet" / "sheet.manifest").write_text("[]")
    digest = json.loads((inputs / "answers" / "red.png.out").read_text())["model_digest"]
    environ = {**ENVIRONMENT, "MODEL_DIGEST": digest, "SAGEMAKER_BASE_DIR": str(tmp_path)}
    done = serving_program(serving_python, "join", environ)
    _, errors = done.communicate(timeout=60)
    assert done.returncode == 0, errors
    assert (tmp_path / "output" / "message").read_text() == "2 of 4 pictures answered, 2 found, 2 refused"
    output = tmp_path / "processing" / "output" / "batch"
    rows = {row["picture"]: row for row in map(json.loads, (output / "answers.jsonl").read_text().splitlines())}
    assert rows["red.png"]["detections"][0]["class"] == "red"
    assert rows["deep/blue.jpg"]["detections"][0]["class"] == "blue"
    assert {name: row["status"] for name, row in rows.items() if "error" in row} == {
        "notes.txt": 400,
        "broken.jpg": 400,
    }
    page = (output / "index.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 2
    shutil.rmtree(inputs)


def test_a_server_that_knows_no_such_word_does_not_start(serving_python: Path, base: Path) -> None:
    """Rather than to fail a job at its first bad picture."""
    write_model(base / "model", gain=1.5)
    done = serving_program(serving_python, "serve", {"SAGEMAKER_BASE_DIR": str(base), batch.REFUSALS: "drop"})
    _, errors = done.communicate(timeout=60)
    assert (done.returncode, "must be answer" in errors) == (1, True)
