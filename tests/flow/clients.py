"""Clients that ask production ten times a second, whatever it does, and what they got for answers."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.flow.driver import Flow

A_SECOND = 10
RIGHT = [1.0, 1.0, 5.0, 5.0]
"""The box that every model of the fakes sees, when it is right."""


@dataclass(frozen=True)
class Answer:
    """When it was asked for, how it was (``right``, ``wrong`` or ``lost``), and which model gave it."""

    at: float
    kind: str
    model: str = ""


@dataclass
class Clients:
    """Everything that was answered so far."""

    answers: list[Answer] = field(default_factory=list)

    def count(self, since: float = 0.0) -> Counter[str]:
        """How many answers there were of each kind."""
        return Counter(one.kind for one in self.answers if one.at >= since)

    def bad_seconds(self, since: float = 0.0) -> float:
        """From the first answer that was wrong or lost to the last; 0 without any."""
        bad = [one.at for one in self.answers if one.kind != "right" and one.at >= since]
        return max(bad) - min(bad) if bad else 0.0


@contextmanager
def asking(flow: Flow, component: str = "") -> Iterator[Clients]:
    """Ask all the time while the test goes on; nobody asks twice for an answer that was lost.

    ``component`` is the one to ask of an endpoint that is shared.
    """
    named = {"InferenceComponentName": component} if component else {}
    runtime = flow.stand_in.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))
    clients, done = Clients(), threading.Event()

    def ask(at: float) -> None:
        try:
            said: dict[str, Any] = json.loads(
                runtime.invoke_endpoint(
                    EndpointName=flow.stack.production_endpoint, ContentType="image/jpeg", Body=b"picture", **named
                )["Body"].read()
            )
        except (BotoCoreError, ClientError, ValueError):
            clients.answers.append(Answer(at, "lost"))
            return
        kind = "right" if [one["box"] for one in said["detections"]] == [RIGHT] else "wrong"
        clients.answers.append(Answer(at, kind, said["model_digest"]))

    def keep_asking() -> None:
        with ThreadPoolExecutor(4) as pool:
            while not done.wait(1 / A_SECOND):
                pool.submit(ask, time.monotonic())

    thread = threading.Thread(target=keep_asking)
    thread.start()
    try:
        yield clients
    finally:
        done.set()
        thread.join()
