"""Large pictures in tiles, by the real server and the real evaluation.

The model sees 64 x 64 pixels and finds cells of 8 x 8 that are filled. In a picture of 112 x 64 made as small as that a
cell is not filled any more; its two tiles begin at columns 0 and 6 of cells, and share columns 6 and 7.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.serving.conftest import picture
from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.tiny_onnx import CLASSES, write_model

pytestmark = pytest.mark.serving
WIDE = (112, 64)
CELLS = {(1, 2): "red", (6, 4): "green", (7, 4): "green", (12, 5): "blue"}
PLACES = sorted((name, [8 * column, 8 * row, 8 * column + 8, 8 * row + 8]) for (column, row), name in CELLS.items())


def found(answer: Any) -> list[tuple[str, list[float]]]:
    return sorted((one["class"], one["box"]) for one in answer["detections"])


@pytest.fixture(scope="module")
def server(serving_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A model that looks at whole pictures unless it is asked otherwise."""
    base = tmp_path_factory.mktemp("whole")
    write_model(base / "model")
    running = Server(serving_python, base).wait()
    yield running
    running.stop()


def asked(server: Server, data: bytes, words: str) -> Any:
    status, answer = server.invoke(data, X_Amzn_SageMaker_Custom_Attributes=words)
    assert status == 200, answer
    return answer


def test_small_objects_are_found_in_tiles_and_each_once(server: Server) -> None:
    """Two neighbours on the seam, which both tiles show, stay two."""
    wide = picture(CELLS, size=WIDE)
    whole, tiled = asked(server, wide, ""), asked(server, wide, "tiles=auto")
    assert found(whole) == []
    assert found(tiled) == PLACES
    assert ("tiles" in whole, tiled["tiles"]) == (False, 2)
    body = json.dumps({"images": [base64.b64encode(wide).decode()], "tiles": "auto"}).encode()
    assert found(server.invoke(body, "application/json")[1]["images"][0]) == PLACES


def test_a_picture_no_larger_than_the_input_is_answered_as_without(server: Server) -> None:
    """To the last digit."""
    small = picture({(1, 2): "red", (7, 7): "blue"})
    answers = [asked(server, small, words) for words in ("tiles=off", "tiles=auto")]
    assert [sorted(one) for one in answers] == [sorted(answers[0])] * 2
    assert answers[0]["detections"] == answers[1]["detections"]


def test_a_picture_of_too_many_tiles_is_refused_with_what_to_do(server: Server) -> None:
    """In a line alone that line, and the next one is answered."""
    large = picture({(0, 0): "red"}, size=(1000, 1000))
    status, said = server.invoke(large, X_Amzn_SageMaker_Custom_Attributes="tiles=auto")
    assert status == 400
    assert said["error"] == (
        "a picture of 1000 x 1000 pixels is 361 tiles of 64 x 64, and at most 256 are looked at: "
        "send parts of it, a smaller copy, or ask with tiles=off"
    )
    rows = [{"image": base64.b64encode(one).decode(), "tiles": "auto"} for one in (large, picture(CELLS, size=WIDE))]
    body = "\n".join(map(json.dumps, rows)).encode()
    status, answer = server.ask("POST", "/invocations", body, Content_Type="application/jsonlines")
    refused, answered = map(json.loads, answer.splitlines())
    assert (status, refused["error"].startswith("line 1: a picture of 1000 x 1000")) == (200, True)
    assert found(answered) == PLACES


def test_tiles_take_the_time_of_a_long_request_and_too_many_of_them_are_refused(server: Server) -> None:
    """By the headers of the pictures: 32 of 196 tiles each are more than a request has time for."""
    body = base64.b64encode(picture({}, size=(700, 700))).decode()
    several = json.dumps({"images": [body] * 32, "tiles": "auto"}).encode()
    status, said = server.invoke(several, "application/json")
    assert (status, said["error"]) == (413, "the pictures take some 126 seconds: send fewer or smaller ones")


def test_what_is_judged_in_tiles_serves_in_tiles(serving_python: Path, tmp_path: Path) -> None:
    """A model that does so by itself: all its figures, its answers, the smoke test's, and the server's are of tiles.

    The champion, the same without tiles, is measured as it serves: it finds nothing.
    """
    job = Job(serving_python, tmp_path)
    job.describe(CLASSES)
    pictures = {}
    for at in range(4):
        cells = {(1 + at, 2): "red", (6, at): "green", (12 - at, 5): "blue"}
        pictures[f"{at}.png"] = picture(cells, size=WIDE)
        job.hold_out(f"{at}.png", pictures[f"{at}.png"], [])
        rows = [
            f"{CLASSES.index(name)} {(x + 0.5) / 14} {(y + 0.5) / 8} {1 / 14} 0.125" for (x, y), name in cells.items()
        ]
        label = job.inputs / "test" / "labels" / f"{at}.txt"
        label.write_text("\n".join(rows))
    job.candidate(tiles="auto")
    job.champion()
    status, said = job.run()
    assert status == 0, said
    metrics = job.metrics()
    assert metrics.champion is not None
    assert (metrics.candidate.map50_95, metrics.champion.recall) == (pytest.approx(0.995), 0)
    write_model(tmp_path / "served" / "model", tiles="auto")
    server = Server(serving_python, tmp_path / "served").wait()
    try:
        for one in job.read("predictions.json")["images"]:
            assert server.invoke(pictures[one["file"]])[1]["detections"] == one["detections"] != []
        for one in job.read("smoke/smoke.json")["images"]:
            sent = (job.output / "smoke" / one["file"]).read_bytes()
            assert server.invoke(sent)[1]["detections"] == one["detections"] != []
        assert asked(server, pictures["0.png"], "tiles=off")["detections"] == []
    finally:
        server.stop()
