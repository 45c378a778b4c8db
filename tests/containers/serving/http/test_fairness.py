"""What one caller's requests cost the others: time on the server, not only bytes."""

from __future__ import annotations

import base64
import json
import os
import statistics
import struct
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from containers.serving.model.image_header import PNG_SIGNATURE
from tests.containers.serving.conftest import picture
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.model.encoded_pictures import png_chunk
from tests.containers.serving.tiny_onnx import write_model

pytestmark = pytest.mark.serving
SMALL = picture({(1, 2): "red"})


def costly_png(side: int) -> bytes:
    """A black picture of 16 bits a channel and four channels: some hundred kilobytes, and 8 bytes a pixel to unpack."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 8 * side)
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    header = struct.pack(">2I5B", side, side, 16, 6, 0, 0, 0)
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def large() -> bytes:
    """7000 x 7000 pixels."""
    return costly_png(7000)


@pytest.fixture
def server(serving_python: Path, tmp_path: Path) -> Iterator[Server]:
    write_model(tmp_path / "model")
    running = Server(serving_python, tmp_path).wait()
    yield running
    # Not stopped: it would answer all that waits first.
    running.process.kill()
    running.process.wait()


def seconds_of(server: Server, body: bytes) -> float:
    """How long an answer takes."""
    started = time.perf_counter()
    assert server.invoke(body)[0] == 200
    return time.perf_counter() - started


def test_a_caller_who_sends_many_large_pictures_waits_for_their_own(server: Server, large: bytes) -> None:
    """Nobody who sends a small one waits even for one of them; those for whom there is no time are told so at once."""
    many = 48 * max(1, len(os.sched_getaffinity(0)) - 1)
    quiet = statistics.median(seconds_of(server, SMALL) for _ in range(10))
    alone = seconds_of(server, large)
    with ThreadPoolExecutor(many) as callers:
        sent = [
            callers.submit(server.ask, "POST", "/invocations", large, Content_Type="image/png") for _ in range(many)
        ]
        wait(sent, timeout=alone / 2)
        loaded = [seconds_of(server, SMALL) for _ in range(20)]
        answered = [answer.result() for answer in sent if answer.done()]
        assert len(answered) < many, "nothing was under way"
        server.process.kill()
    told = f"small ones {quiet * 1000:.0f} ms when it is quiet, {max(loaded) * 1000:.0f} ms at most beside large ones"
    assert [body for status, body in answered if status == 503 and b"send them later" in body]
    assert max(loaded) < alone, f"{told}, of which one takes {alone * 1000:.0f} ms"
    assert statistics.median(loaded) < max(10 * quiet, alone / 5), told


def test_pictures_that_cannot_be_answered_in_time_are_refused_before_they_are_decoded(
    server: Server, large: bytes
) -> None:
    """As many large ones as there may be in one request: they take most of a minute."""
    alone = seconds_of(server, large)
    body = json.dumps({"images": [base64.b64encode(large).decode()] * 32}).encode()
    started = time.perf_counter()
    status, answer = server.invoke(body, "application/json")
    assert (status, "send fewer or smaller ones" in answer["error"]) == (413, True)
    assert time.perf_counter() - started < 2 * alone
    assert server.invoke(SMALL)[0] == 200
