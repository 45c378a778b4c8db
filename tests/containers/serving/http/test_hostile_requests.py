"""Whatever is sent, the server answers 200 or names the sender's mistake, and does not grow.

``make fuzz`` sends 20,000 requests; the tests send a tenth of them.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.containers.serving.conftest import encode
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.tiny_onnx import write_model

REQUESTS = int(os.environ.get("GREENLIGHT_FUZZ_REQUESTS", "2000"))
GROWTH_BYTES = 24_000_000
"""The allocators of a process keep what the largest picture needed; more than that would be a leak."""

pytestmark = [pytest.mark.serving, pytest.mark.timeout(1200)]


def _pictures() -> list[bytes]:
    random = np.random.default_rng(5)
    noise = Image.fromarray(random.integers(0, 255, (40, 60, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    array = io.BytesIO()
    np.save(array, np.asarray(noise))
    return [
        encode(noise, "JPEG", quality=60, exif=exif),
        encode(noise.convert("CMYK"), "JPEG"),
        encode(noise, "JPEG", progressive=True),
        encode(noise),
        encode(noise.convert("P")),
        encode(noise.convert("LA")),
        encode(noise, "WEBP"),
        encode(noise, "WEBP", lossless=True),
        encode(noise, "BMP"),
        encode(noise, "GIF"),
        array.getvalue(),
    ]


PICTURES = _pictures()
TYPES = (
    *("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "application/x-image", "application/x-npy"),
    *("application/json", "application/jsonlines", "text/csv", "application/octet-stream", "multipart/form-data"),
)
USUAL_TYPES = st.sampled_from(TYPES + ("application/x-image",) * len(TYPES)).map(str.encode)
HEADER_BYTES = st.binary(max_size=60).map(lambda data: bytes(byte for byte in data if byte not in b"\r\n\0"))
ACCEPTS = st.sampled_from(
    [b"", b"*/*", b"application/json", b"text/csv", b"application/x-npy", b"image/jpeg", b"image/*;q=0.4, text/csv;q=1"]
)
PARAMETERS = st.sampled_from(
    [b"confidence=0.1", b"confidence=NaN", b"iou=0", b"classes=red;2", b"classes=;;", b"max_detections=1", b"masks=rle"]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A picture with a few bytes changed, a piece cut out or put in twice, or its end lost."""
    data = bytearray(draw(st.sampled_from(PICTURES)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data) - 1))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            data[at] = draw(st.integers(0, 255))
        elif kind == 1:
            data[at : at + 4] = draw(st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"]))
        elif kind == 2:
            data[at:at] = data[at : at + draw(st.integers(0, 40))]
        else:
            del data[at + 1 : at + 1 + draw(st.integers(0, 200))]
    return bytes(data)


IMAGES = st.one_of(mutated(), st.sampled_from(PICTURES), st.binary(max_size=300))
BASE64 = st.one_of(IMAGES.map(lambda data: base64.b64encode(data).decode()), st.text(max_size=30))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), BASE64),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.sampled_from(["image", "images", "confidence", "iou", "classes", "max_detections", "masks", "more"])
DOCUMENTS = st.one_of(
    st.fixed_dictionaries({"image": BASE64}, optional={"confidence": VALUES, "classes": VALUES, "masks": VALUES}),
    st.fixed_dictionaries({"images": st.lists(BASE64, max_size=3)}),
    st.dictionaries(KEYS, VALUES, max_size=4),
    VALUES,
).map(lambda value: json.dumps(value).encode())
BODIES = st.one_of(
    st.sampled_from(PICTURES),
    IMAGES,
    IMAGES,
    DOCUMENTS,
    st.lists(DOCUMENTS, max_size=4).map(b"\n".join),
    DOCUMENTS.map(lambda text: text[:-1]),
)
HEADERS = st.fixed_dictionaries(
    {
        b"Content-Type": st.one_of(USUAL_TYPES, USUAL_TYPES, USUAL_TYPES, HEADER_BYTES),
        b"Accept": st.one_of(st.just(b""), ACCEPTS, HEADER_BYTES),
        b"X-Amzn-SageMaker-Custom-Attributes": st.one_of(
            st.just(b""), st.just(b""), st.lists(PARAMETERS, max_size=3).map(b",".join), HEADER_BYTES
        ),
    }
)


class Caller:
    """Sends raw requests over one connection, which is opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers.items())
        length = str(len(body)).encode()
        request = b"POST /invocations HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + b"\r\n" + lines + b"\r\n"
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._socket.sendall(request + body)
        answer = http.client.HTTPResponse(self._socket)
        answer.begin()
        data = answer.read()
        if answer.will_close:
            self._socket.close()
            self._socket = None
        return answer.status, data


@pytest.fixture(scope="module")
def server(serving_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("hostile")
    write_model(base / "model")
    # One process, as the bound on its growth is of one.
    running = Server(serving_python, base, GREENLIGHT_WORKERS="1").wait()
    yield running
    running.stop()


def test_no_body_and_no_header_brings_the_server_down_or_makes_it_grow(server: Server) -> None:
    """No 5xx, no worker replaced, and memory as after the first requests."""
    caller = Caller(server.port)
    for _ in range(40):
        for picture in PICTURES:
            caller.send({b"Content-Type": b"application/x-image"}, picture)
    workers, memory = server.workers(), server.memory()
    seen: dict[int, int] = {}

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(headers=HEADERS, body=BODIES)
    def send(headers: dict[bytes, bytes], body: bytes) -> None:
        status, answer = caller.send(headers, body)
        seen[status] = seen.get(status, 0) + 1
        assert status == 200 or (400 <= status < 500 and b"Traceback" not in answer), (status, answer, headers, body)

    send()
    grown = server.memory() - memory
    print(f"answers by status: {seen}; memory {memory / 1e6:.0f} MB, grown by {grown / 1e6:.1f} MB")
    assert {200, 400, 415} <= set(seen), "the requests are not as varied as they should be"
    assert server.workers() == workers
    assert grown < GROWTH_BYTES
