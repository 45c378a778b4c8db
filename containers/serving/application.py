"""SageMaker's contract as an ASGI application: ``GET /ping``, ``POST /invocations``, ``GET /execution-parameters``.

Thin: it reads a body within bounds, has the workers answer it, and writes one line of log. It looks at no picture.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from containers.serving.workers import WorkerLostError, Workers

MAXIMUM_BODY_BYTES = 25_000_000
WAITING_REQUESTS = 512
"""So many at once are taken in; each may hold a body in memory."""
ATTRIBUTES_HEADER = b"x-amzn-sagemaker-custom-attributes"
JSON = b"application/json"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """The three routes over started workers; every answer that is no success is JSON with an ``error``."""

    def __init__(self, workers: Workers, confidence: float, slots: int, tell: Callable[..., None]) -> None:
        """Answer with ``workers`` and tell what happened; ``confidence`` is what a request gets that names none."""
        self._workers = workers
        self._confidence = confidence
        self._tell = tell
        self._parameters = {
            "MaxConcurrentTransforms": 2 * slots,  # one is sent while another is answered
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": MAXIMUM_BODY_BYTES // 1_000_000,
        }
        self.running = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        self.running += 1
        try:
            route = (scope["method"], scope["path"])
            if route == ("POST", "/invocations"):
                status, content_type, body = await self._invocation(scope, receive)
            elif route == ("GET", "/ping"):
                status, content_type, body = (200 if self._workers.healthy else 503), JSON, b""
            elif route == ("GET", "/execution-parameters"):
                status, content_type, body = 200, JSON, json.dumps(self._parameters).encode()
            elif scope["path"] in ("/invocations", "/ping", "/execution-parameters"):
                status, content_type, body = self._refusal(405, f"{scope['path']} does not take {scope['method']}")
            else:
                status, content_type, body = self._refusal(404, "there are /ping, /invocations, /execution-parameters")
            headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
            if self.draining or status == 413:
                headers.append((b"connection", b"close"))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        finally:
            self.running -= 1

    async def _invocation(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        started = time.perf_counter()
        if self.running > WAITING_REQUESTS:
            return self._refusal(503, f"{WAITING_REQUESTS} requests are waiting already")
        body = await _read(receive)
        if body is None:
            return self._refusal(413, f"the body is larger than {MAXIMUM_BODY_BYTES} bytes")
        given = dict(scope["headers"])
        asked = {
            "content_type": given.get(b"content-type", b"").decode("latin-1"),
            "accept": given.get(b"accept", b"").decode("latin-1"),
            "attributes": given.get(ATTRIBUTES_HEADER, b"").decode("latin-1"),
            "confidence": self._confidence,
        }
        try:
            header, answer = await self._workers.ask(asked, body)
        except WorkerLostError as error:
            return self._refusal(500, str(error))
        if header["status"] != 200:
            self._tell("refused", status=header["status"], error=header["error"])
        else:
            spent = round((time.perf_counter() - started) * 1000, 1)
            self._tell("invocation", images=header["images"], ms=spent)
        return header["status"], header["content_type"].encode(), answer

    def _refusal(self, status: int, message: str) -> tuple[int, bytes, bytes]:
        self._tell("refused", status=status, error=message)
        return status, JSON, json.dumps({"error": message}).encode()


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when there is more of it than is accepted."""
    message = await receive()
    first: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return first if len(first) <= MAXIMUM_BODY_BYTES else None
    body = bytearray(first)
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAXIMUM_BODY_BYTES:
            return None
    return bytes(body)
