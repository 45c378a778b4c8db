"""Reads the one picture that a form of the console sends."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

LONGEST = 32 * 2**20
"""Bytes that are read; what an endpoint takes is less, and what is more is said there."""


def posted_picture(action: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
    """An endpoint of ``action``, which gets the bytes of the form's file, in a thread; none where there is none."""

    async def endpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST:
                return PlainTextResponse("The picture is too large.\n", 413)
        picture = first_file(request.headers.get("content-type", ""), body)
        return await run_in_threadpool(action, request, picture)

    return endpoint


def first_file(content_type: str, body: bytes) -> bytes:
    """The bytes of the first file of a ``multipart/form-data`` body; empty where there is none."""
    if not content_type.startswith("multipart/form-data"):
        return b""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    for part in message_from_bytes(head + body, policy=HTTP).iter_parts():
        if part.get_filename():
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    return b""
