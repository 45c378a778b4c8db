"""A cloud for tests: answers from a list, remembers what it was asked, touches no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Answer = Mapping[str, Any] | Exception | Callable[[dict[str, Any]], Mapping[str, Any]]


class ScriptedCloud:
    """Gives the answer written down for an operation; fails on one that nobody wrote an answer for."""

    def __init__(self, answers: Mapping[str, Answer], *, local: bool = True) -> None:
        self._answers = answers
        self.local = local
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append((operation, parameters))
        answer = self._answers[operation]
        if isinstance(answer, Exception):
            raise answer
        return dict(answer(parameters) if callable(answer) else answer)

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        answer = self.call("", "post_signed", url=url, body=json.loads(body))
        return answer["status"], json.dumps(answer["told"]).encode()

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        yield from self.call(service, operation, **parameters).get(key, [])
