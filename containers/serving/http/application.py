"""SageMaker's contract as an ASGI application: ``GET /ping``, ``POST /invocations``, ``GET /execution-parameters``.

Thin: it reads a body within bounds, has the workers answer it, and writes one line of log. It looks at no picture.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from containers.serving.http.workers import BusyError, WorkerLostError, Workers
from containers.serving.request.parameters import ATTRIBUTES_HEADER
from workflow.contract.answer_name import ANSWER_ID

MAXIMUM_BODY_BYTES = 25_000_000
"""Of a body, unless the server is told otherwise."""
MAXIMUM_HELD_BYTES = 256_000_000
"""So much of all bodies together is held in memory while they wait, or as much as four of the largest."""
BODY_SECONDS = 20.0
"""Shorter than the time to drain, so that a stalled upload does not delay the server's end."""
SECONDS_TO_SEND = 20.0
"""Of the time that an answer may take, what is kept for the way there and back."""
TRANSFORM_MEGABYTES = 100
"""SageMaker's bound on MaxConcurrentTransforms times MaxPayloadInMB."""
JSON = b"application/json"
THE_CALLERS_OWN = range(400, 500)
"""Statuses of a refusal: something is wrong with the request, and not with the server."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """The three routes over started workers; every answer that is no success is JSON with an ``error``."""

    def __init__(
        self,
        workers: Workers,
        confidence: float,
        slots: int,
        tell: Callable[..., None],
        largest: int = MAXIMUM_BODY_BYTES,
        *,
        answers_refusals: bool = False,
    ) -> None:
        """Answer with ``workers`` and tell what happened; ``confidence`` is what a request gets that names none.

        ``largest`` is how many bytes a body may have. With ``answers_refusals`` what is wrong with a request is said
        with status 200, as a batch transform job needs it: one record that is answered otherwise fails the whole job.
        """
        self._largest = largest
        self._most_held = max(MAXIMUM_HELD_BYTES, 4 * largest)
        self._answers_refusals = answers_refusals
        self._workers = workers
        self._confidence = confidence
        self._tell = tell
        self._parameters = {
            "MaxConcurrentTransforms": 2 * slots,  # one is sent while another is answered
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": max(1, min(largest // 1_000_000, TRANSFORM_MEGABYTES // (2 * slots))),
        }
        self.running = 0
        self._held = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        self.running += 1
        try:
            route = (scope["method"], scope["path"])
            name = ""
            if route == ("POST", "/invocations"):
                status, content_type, body, name = await self._answer_invocation(scope, receive)
                if self._answers_refusals and status in THE_CALLERS_OWN:
                    status, body = 200, json.dumps({**json.loads(body), "status": status}).encode()
            elif route == ("GET", "/ping"):
                status, content_type, body = self._answer_ping()
            elif route == ("GET", "/execution-parameters"):
                status, content_type, body = 200, JSON, json.dumps(self._parameters).encode()
            elif scope["path"] in ("/invocations", "/ping", "/execution-parameters"):
                status, content_type, body = self._refuse(405, f"{scope['path']} does not take {scope['method']}")
            else:
                status, content_type, body = self._refuse(404, "there are /ping, /invocations, /execution-parameters")
            headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
            if name:
                # SageMaker passes it on to the caller: the one place for it in an answer that is no JSON.
                headers.append((ATTRIBUTES_HEADER.lower().encode(), f"{ANSWER_ID}={name}".encode()))
            if self.draining:
                headers.append((b"connection", b"close"))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        finally:
            self.running -= 1

    def _answer_ping(self) -> tuple[int, bytes, bytes]:
        if self._workers.healthy:
            return 200, JSON, b""
        return 503, JSON, json.dumps({"error": "every worker has ended and is being replaced"}).encode()

    async def _answer_invocation(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes, str]:
        """Status, content type, body, and what the answer is called, empty where it is a refusal."""
        started = time.perf_counter()
        body = bytearray()
        most = self._workers.answer_seconds
        try:
            refusal = await self._read_body(receive, body)
            if refusal is not None:
                return *self._refuse(*refusal), ""
            async with asyncio.timeout(most):
                asked = {**_describe_request(scope, self._confidence), "seconds": most - SECONDS_TO_SEND}
                header, answer = await self._workers.ask(asked, body)
        except TimeoutError:
            return *self._refuse(503, f"no worker was free to answer within {most:g} seconds"), ""
        except BusyError as error:
            return *self._refuse(503, str(error)), ""
        except WorkerLostError as error:
            return *self._refuse(500, str(error)), ""
        finally:
            self._held -= len(body)
        if header["status"] != 200:
            self._tell("refused", status=header["status"], error=header["error"])
        else:
            spent = round((time.perf_counter() - started) * 1000, 1)
            self._tell("invocation", images=header["images"], ms=spent)
        return header["status"], header["content_type"].encode(), answer, header.get(ANSWER_ID, "")

    async def _read_body(self, receive: Receive, body: bytearray) -> tuple[int, str] | None:
        """Fill ``body``; status and reason of a refusal where it is too large, or nobody is there to send it."""
        deadline = asyncio.get_running_loop().time() + BODY_SECONDS
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                return 408, f"the body did not arrive within {BODY_SECONDS:g} seconds"
            if message["type"] == "http.disconnect":
                return 400, "the connection was closed before the body's end"
            piece = message.get("body", b"")
            body += piece
            self._held += len(piece)
            if len(body) > self._largest:
                return 413, f"the body is larger than {self._largest} bytes"
            if self._held > self._most_held:
                return 503, "the requests that wait hold all the memory that is set aside for them"
            if not message.get("more_body"):
                return None

    def _refuse(self, status: int, message: str) -> tuple[int, bytes, bytes]:
        self._tell("refused", status=status, error=message)
        return status, JSON, json.dumps({"error": message}).encode()


def _describe_request(scope: Scope, confidence: float) -> dict[str, Any]:
    given = dict(scope["headers"])
    return {
        "content_type": given.get(b"content-type", b"").decode("latin-1"),
        "accept": given.get(b"accept", b"").decode("latin-1"),
        "attributes": given.get(ATTRIBUTES_HEADER.lower().encode(), b"").decode("latin-1"),
        "confidence": confidence,
    }
