"""The server under SageMaker's contract, as the real program with the real runtime."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.containers.serving.conftest import ROOT, picture, serving_program
from tests.containers.serving.http.load_until_refused import outcome
from tests.containers.serving.http.running_server import Server, wait_until
from tests.containers.serving.tiny_onnx import add_engine, write_model
from workflow.contract.answer_name import AnswerName

pytestmark = pytest.mark.serving
RED = picture({(1, 2): "red"})


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
    assert sorted(answer) == ["detections", "height", "inference_id", "model_digest", "timings_ms", "width"]
    assert (answer["model_digest"], answer["width"], answer["height"]) == (digest, 64, 64)
    box = {"box": [8, 16, 16, 24], "box_normalised": [0.125, 0.25, 0.25, 0.375]}
    assert answer["detections"] == [{"class_id": 0, "class": "red", "score": 0.75, **box}]
    assert min(answer["timings_ms"].values()) >= 0


def test_every_answer_has_a_name_whatever_its_form(server: Server, digest: str) -> None:
    """In the header that SageMaker passes on, and in JSON itself; a refusal, which nobody judges, has none."""
    names = []
    for accept in ("application/json", "text/csv", "application/x-npy", "image/jpeg"):
        connection = server.connect()
        connection.request("POST", "/invocations", RED, {"Content-Type": "image/png", "Accept": accept})
        answer = connection.getresponse()
        body = answer.read()
        name = (answer.getheader("X-Amzn-SageMaker-Custom-Attributes") or "").removeprefix("inference_id=")
        if accept == "application/json":
            assert json.loads(body)["inference_id"] == name
        read = AnswerName.read(name)
        assert read is not None
        assert digest.startswith(read.model)
        names.append(name)
        connection.close()
    assert len(set(names)) == 4
    assert "inference_id" not in server.invoke(b"no picture")[1]


def test_a_server_that_is_told_so_takes_a_large_picture(serving_python: Path, base: Path, server: Server) -> None:
    """33 megapixels without compression; any other says how much it takes, and both stay within a bound."""
    large = picture({}, size=(5800, 5760), form="TIFF")
    assert len(large) > 100_000_000
    status, answer = server.invoke(large, "image/tiff")
    assert (status, answer["error"]) == (413, "the body is larger than 25000000 bytes")
    told = Server(serving_python, base, GREENLIGHT_BODY_MEGABYTES="160").wait()
    try:
        before, seen = told.memory(), [0]
        with ThreadPoolExecutor(1) as pool:
            answered = pool.submit(told.invoke, large, "image/tiff")
            while not answered.done():
                seen.append(told.memory())
        assert answered.result()[0] == 200
        print(f"{(max(seen) - before) / len(large):.1f} times the picture, in {len(seen)} looks")
        assert max(seen) - before < 8 * len(large)
    finally:
        told.stop()


def test_a_model_whose_engine_cannot_be_run_here_is_served_by_its_graph(serving_python: Path, tmp_path: Path) -> None:
    """On a machine without a GPU, in an image without TensorRT; the log says why."""
    write_model(tmp_path / "model", precision="f16")
    add_engine(tmp_path / "model")
    running = Server(serving_python, tmp_path).wait()
    assert [one["class"] for one in running.invoke(RED)[1]["detections"]] == ["red"]
    _, log = running.stop()
    (ready,) = (json.loads(line) for line in log.splitlines() if '"ready"' in line)
    assert re.fullmatch(
        r"openvino \S+ f32, without the engine for a GPU: this image has no TensorRT .+", ready["runtime"]
    )


@pytest.mark.parametrize("engine", [b"another", None])
def test_an_engine_that_is_not_the_judged_one_is_not_served(
    serving_python: Path, tmp_path: Path, engine: bytes | None
) -> None:
    """Nor is the graph in its place: somebody has changed the archive."""
    write_model(tmp_path / "model", precision="f16")
    add_engine(tmp_path / "model")
    file = tmp_path / "model" / "model.engine"
    file.unlink() if engine is None else file.write_bytes(engine)
    told = Server(serving_python, tmp_path)
    assert told.process.wait(timeout=20) == 1
    assert "cannot serve: model.engine " + ("cannot be read" if engine is None else "has the digest") in told.log()


@pytest.mark.parametrize("text", ["0", "1001", "many"])
def test_a_size_that_is_none_is_refused(serving_python: Path, base: Path, digest: str, text: str) -> None:
    """Before anything is served."""
    told = Server(serving_python, base, GREENLIGHT_BODY_MEGABYTES=text)
    assert told.process.wait(timeout=20) == 1
    assert "GREENLIGHT_BODY_MEGABYTES" in told.log()


def test_a_jpeg_is_answered_as_well(server: Server) -> None:
    """The type most clients send."""
    jpeg = picture({(1, 2): "blue"}, form="JPEG", quality=100, subsampling=0)
    status, answer = server.invoke(jpeg, "image/jpeg")
    assert (status, [one["class"] for one in answer["detections"]]) == (200, ["blue"])


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}])
def test_a_tiff_is_answered_as_the_same_pixels_in_a_png_are(server: Server, options: dict[str, Any]) -> None:
    """By its type, and by its bytes alone."""
    _, plain = server.invoke(RED)
    tiff = picture({(1, 2): "red"}, form="TIFF", **options)
    for content_type in ("image/tiff", "application/x-image"):
        status, answer = server.invoke(tiff, content_type)
        assert (status, answer["detections"]) == (200, plain["detections"])


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
    """25 MB is what an endpoint may carry; the refusal arrives although more is still on the way."""
    assert server.invoke(bytes(25_000_001))[0] == 413
    assert server.invoke(bytes(60_000_000))[0] == 413


def test_other_addresses_and_methods_are_refused_in_json(server: Server) -> None:
    """The contract has three routes."""
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
    server.has_read()
    server.process.send_signal(signal.SIGTERM)
    wait_until(server.drains, "the server drains")
    assert server.process.poll() is None
    connection.send(RED[40:])
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["model_digest"]) == (200, digest)
    assert server.stop()[0] == 0


def test_sigterm_under_load_loses_no_request(serving_python: Path, base: Path, digest: str, tmp_path: Path) -> None:
    """Sixteen callers send as fast as they can; whatever had left when the port closed is answered."""
    (tmp_path / "one.png").write_bytes(RED)
    log = tmp_path / "log"
    server = Server(serving_python, base).wait()
    program = [sys.executable, "-m", "tests.containers.serving.http.load_until_refused", str(server.port), "16"]
    callers = subprocess.Popen([*program, str(tmp_path / "one.png"), str(log)], cwd=ROOT)
    try:
        wait_until(lambda: log.is_file() and outcome(log)[0] > 100, "a hundred requests are answered")
        status, _ = server.stop()
        assert callers.wait(timeout=20) == 0
    finally:
        callers.kill()
    answered, lost = outcome(log)
    assert status == 0
    assert answered > 100
    assert lost == set()


def test_a_worker_that_dies_is_replaced_and_nobody_else_notices(serving_python: Path, base: Path, digest: str) -> None:
    """As after a picture that brings a decoder down: the port stays open, and the next request is answered."""
    server = Server(serving_python, base).wait()
    try:
        for worker in server.workers():
            os.kill(worker, signal.SIGKILL)
        wait_for_replacement(server)
        assert server.invoke(RED)[0] == 200
    finally:
        _, log = server.stop()
    assert '"worker replaced"' in log


def test_requests_of_a_worker_that_dies_are_asked_again(serving_python: Path, base: Path, digest: str) -> None:
    """Eight callers without a pause, and the only worker is killed: each of them gets an answer all the same."""
    server = Server(serving_python, base).wait()
    try:
        with ThreadPoolExecutor(8) as callers:
            answers = [callers.submit(server.invoke, RED) for _ in range(400)]
            wait_until(lambda: sum(answer.done() for answer in answers) >= 20, "some are answered")
            for worker in server.workers():
                os.kill(worker, signal.SIGKILL)
            assert sum(answer.done() for answer in answers) < 392, "nobody was waiting when the worker died"
            assert {answer.result()[0] for answer in answers} == {200}
    finally:
        server.stop()


def test_a_caller_that_hangs_up_half_way_is_not_answered_for_half_a_picture(
    serving_python: Path, base: Path, digest: str
) -> None:
    """Its bytes are dropped, and the log says so."""
    server = Server(serving_python, base).wait()
    try:
        connection = server.connect()
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", "application/jsonlines")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"{}\n{}\n")
        server.has_read()
        connection.close()
        wait_until(lambda: "closed before the body's end" in server.log(), "the log says so")
        assert server.invoke(RED)[0] == 200
    finally:
        _, log = server.stop()
    assert '"images": 2' not in log


def test_a_stalled_upload_does_not_hold_up_the_end(serving_python: Path, base: Path, digest: str) -> None:
    """Half a body and then nothing, when SIGTERM comes: its sender is told, and the end comes before SageMaker's."""
    server = Server(serving_python, base).wait()
    with socket.create_connection(("127.0.0.1", server.port), timeout=40) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\nhalf")
        server.has_read()
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert b" 408 " in connection.recv(4096)
        assert server.process.wait(timeout=30) == 0
    assert time.monotonic() - started < 28
    assert "Traceback" not in server.log()


def test_endless_headers_are_not_kept(server: Server) -> None:
    """Beyond 64 KiB the connection is closed, whatever would have come."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\n")
        header = b"X-Header: " + b"y" * 500 + b"\r\n"
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            connection.sendall(header * 20_000)
    assert server.invoke(RED)[0] == 200


def wait_for_replacement(server: Server) -> None:
    """Wait until /ping has said 503 and then 200."""
    wait_until(lambda: server.ask("GET", "/ping")[0] == 503, "/ping answers 503")
    wait_until(lambda: server.ask("GET", "/ping")[0] == 200, "/ping answers 200")


def test_batch_transform_is_told_how_much_it_may_send(server: Server) -> None:
    """One image a request, as many at once as there are cores, two at least, and one more each on the way."""
    status, body = server.ask("GET", "/execution-parameters")
    parameters = json.loads(body)
    assert status == 200
    assert parameters["MaxConcurrentTransforms"] == 2 * max(2, len(os.sched_getaffinity(0)))
    assert parameters["BatchStrategy"] == "SINGLE_RECORD"
    assert 6 <= parameters["MaxPayloadInMB"] <= 25
    assert parameters["MaxConcurrentTransforms"] * parameters["MaxPayloadInMB"] <= 100, "SageMaker's bound"


def test_the_default_confidence_can_be_set_for_an_endpoint(serving_python: Path, base: Path, digest: str) -> None:
    """GREENLIGHT_CONFIDENCE, which a request may still change."""
    server = Server(serving_python, base, GREENLIGHT_CONFIDENCE="0.8").wait()
    try:
        _, answer = server.invoke(RED)
        assert answer["detections"] == []
    finally:
        server.stop()


def test_an_endpoint_answers_as_many_objects_as_its_model_finds(serving_python: Path, tmp_path: Path) -> None:
    """And no request gets more."""
    write_model(tmp_path / "model", max_detections=1)
    server = Server(serving_python, tmp_path).wait()
    try:
        two = picture({(0, 0): "red", (4, 4): "red"})
        assert len(server.invoke(two)[1]["detections"]) == 1
        status, said = server.invoke(two, X_Amzn_SageMaker_Custom_Attributes="max_detections=2")
        assert (status, "must be a whole number from 1 to 1" in said["error"]) == (400, True)
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


def test_the_server_starts_with_a_small_part_of_the_contract(serving_python: Path) -> None:
    """Each of its processes would otherwise compile and read all that a run's input and its scores are."""
    program = "import sys, containers.serving.http.server; print(*sorted(n for n in sys.modules if 'contract.' in n))"
    done = subprocess.run(
        [serving_python, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    needed = ("answer_name", "gpu_engine", "model", "reading", "tiles")
    assert done.stdout.split() == [f"workflow.contract.{name}" for name in needed]


def test_another_program_name_is_refused(serving_python: Path) -> None:
    """Status 2 and the usage."""
    process = serving_program(serving_python, "train", {})
    assert "usage" in process.communicate(timeout=20)[1]
    assert process.returncode == 2
