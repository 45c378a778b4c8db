"""Asks the console without a server: a request in, the whole answer out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message

HOST = "127.0.0.1:4580"
OWN = {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
"""The headers of a request from one of the console's own pages."""


@dataclass
class Answer:
    """What came back; the headers by their names in small letters."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


def ask(app: ASGIApp, path: str, method: str = "GET", headers: Mapping[str, str] = OWN, body: str = "") -> Answer:
    """The answer to one request."""
    answer = Answer()
    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": bare,
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.text += message.get("body", b"").decode()

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return answer
