"""The server under SageMaker's contract, as the real program with the real runtime."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.containers.serving.conftest import picture, serving_program
from tests.containers.serving.tiny_onnx import write_model

pytestmark = pytest.mark.serving
RED = picture({(1, 2): "red"})


class Server:
    """A running server and its port."""

    def __init__(self, python: Path, base: Path, **environ: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        address = {"SAGEMAKER_BIND_TO_PORT": str(self.port), "GREENLIGHT_BIND_HOST": "127.0.0.1"}
        self.process = serving_program(python, "serve", {"SAGEMAKER_BASE_DIR": str(base), **address, **environ})

    def wait(self) -> Server:
        """Until /ping answers."""
        for _ in range(300):
            if self.process.poll() is not None:
                raise AssertionError(self.process.communicate()[1])
            try:
                if self.ask("GET", "/ping")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not become healthy in 30 seconds")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def invoke(self, body: bytes, content_type: str = "image/png", **headers: str) -> tuple[int, Any]:
        status, answer = self.ask("POST", "/invocations", body, Content_Type=content_type, **headers)
        return status, json.loads(answer)

    def stop(self) -> tuple[int, str]:
        """The exit status and everything it logged."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            out, error = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, out + error


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve")


@pytest.fixture(scope="module")
def digest(base: Path) -> str:
    return write_model(base / "model", gain=1.5)


@pytest.fixture(scope="module")
def server(serving_python: Path, base: Path, digest: str) -> Iterator[Server]:
    running = Server(serving_python, base).wait()
    yield running
    running.stop()


def test_an_image_is_answered_with_boxes_size_and_the_models_digest(server: Server, digest: str) -> None:
    """PNG, and a cell that scores 0.75."""
    status, answer = server.invoke(RED)
    assert status == 200
    assert sorted(answer) == ["detections", "height", "model_digest", "timings_ms", "width"]
    assert (answer["model_digest"], answer["width"], answer["height"]) == (digest, 64, 64)
    assert answer["detections"] == [{"class_id": 0, "class": "red", "score": 0.75, "box": [8, 16, 16, 24]}]
    assert min(answer["timings_ms"].values()) >= 0


def test_a_jpeg_is_answered_as_well(server: Server) -> None:
    """The type most clients send."""
    jpeg = picture({(1, 2): "blue"}, form="JPEG", quality=100, subsampling=0)
    status, answer = server.invoke(jpeg, "image/jpeg")
    assert (status, [one["class"] for one in answer["detections"]]) == (200, ["blue"])


def test_json_gives_the_same_answer_as_the_image_itself(server: Server) -> None:
    """One image gives an answer, a list a list."""
    text = base64.b64encode(RED).decode()
    _, plain = server.invoke(RED)
    _, single = server.invoke(json.dumps({"image": text}).encode(), "application/json")
    _, many = server.invoke(json.dumps({"images": [text, text]}).encode(), "application/json")
    assert single["detections"] == plain["detections"]
    assert [image["detections"] for image in many["images"]] == [plain["detections"]] * 2
    assert many["model_digest"] == plain["model_digest"]


def test_the_confidence_of_a_request_is_respected(server: Server) -> None:
    """By header and by JSON; 0.75 is the score of the cell."""
    text = base64.b64encode(RED).decode()
    for confidence, boxes in ((0.7, 1), (0.8, 0)):
        _, answer = server.invoke(RED, X_Amzn_SageMaker_Custom_Attributes=f"confidence={confidence}")
        assert len(answer["detections"]) == boxes
        body = json.dumps({"image": text, "confidence": confidence}).encode()
        assert len(server.invoke(body, "application/json")[1]["detections"]) == boxes


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (400, "image/png", b""),
        (400, "image/png", b"nonsense"),
        (400, "image/png", RED[:60]),
        (400, "image/jpeg", b"\xff\xd8\xff\xe0" + bytes(100)),
        (400, "application/json", b"{"),
        (400, "application/json", b"[" * 100_000),
        (400, "application/json", b"{}"),
        (400, "application/json", b'{"image": "%%%"}'),
        (400, "application/json", b'{"images": []}'),
        (400, "application/json", b'{"image": "", "confidence": 7}'),
        (415, "text/csv", b"1,2"),
        (415, "", b""),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bad_input_is_the_callers_fault_and_told_in_json(
    server: Server, status: int, content_type: str, body: bytes
) -> None:
    """Never a traceback, never a 500, and the next request is answered."""
    found, answer = server.invoke(body, content_type)
    assert (found, list(answer)) == (status, ["error"])
    assert "Traceback" not in answer["error"]
    assert server.invoke(RED)[0] == 200


def test_a_body_beyond_the_bound_is_refused(server: Server) -> None:
    """25 MB is what an endpoint may carry."""
    assert server.invoke(bytes(25_000_001))[0] == 413


def test_other_addresses_and_methods_are_refused_in_json(server: Server) -> None:
    """The contract has two routes."""
    for method, path, status in (("GET", "/", 404), ("GET", "/invocations", 405), ("POST", "/ping", 405)):
        found, body = server.ask(method, path)
        assert (found, list(json.loads(body))) == (status, ["error"])


def test_many_callers_at_once_get_their_own_answers(server: Server) -> None:
    """Every caller sends another picture and gets that one's box."""
    places = [(column, row) for column in range(4) for row in range(4)]
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda place: server.invoke(picture({place: "green"})), places))
    boxes = [answer["detections"][0]["box"] for _, answer in answers]
    assert boxes == [[column * 8, row * 8, column * 8 + 8, row * 8 + 8] for column, row in places]


def test_a_request_under_way_is_answered_after_sigterm(serving_python: Path, base: Path, digest: str) -> None:
    """SageMaker says SIGTERM and waits 30 seconds; the body's second half comes after it."""
    server = Server(serving_python, base).wait()
    connection = server.connect()
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "image/png")
    connection.putheader("Content-Length", str(len(RED)))
    connection.endheaders(RED[:40])
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.process.poll() is None
    connection.send(RED[40:])
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["model_digest"]) == (200, digest)
    assert server.stop()[0] == 0


def test_the_default_confidence_can_be_set_for_an_endpoint(serving_python: Path, base: Path, digest: str) -> None:
    """GREENLIGHT_CONFIDENCE, which a request may still change."""
    server = Server(serving_python, base, GREENLIGHT_CONFIDENCE="0.8").wait()
    try:
        _, answer = server.invoke(RED)
        assert answer["detections"] == []
    finally:
        server.stop()


@pytest.mark.parametrize("fault", ["nothing", "corrupt", "confidence"])
def test_without_a_working_model_no_port_is_opened(serving_python: Path, tmp_path: Path, fault: str) -> None:
    """The program ends with 1 and a reason, so that the endpoint fails instead of answering nonsense."""
    write_model(tmp_path / "model")
    environ = {}
    if fault == "nothing":
        (tmp_path / "model" / "manifest.json").unlink()
    elif fault == "corrupt":
        (tmp_path / "model" / "model.onnx").write_bytes(b"corrupt")
    else:
        environ = {"GREENLIGHT_CONFIDENCE": "often"}
    server = Server(serving_python, tmp_path, **environ)
    server.process.wait(timeout=30)
    status, log = server.stop()
    assert status == 1
    assert log.startswith("cannot serve: ")
    assert "Traceback" not in log


def test_another_program_name_is_refused(serving_python: Path) -> None:
    """Status 2 and the usage."""
    process = serving_program(serving_python, "train", {})
    assert "usage" in process.communicate(timeout=20)[1]
    assert process.returncode == 2
