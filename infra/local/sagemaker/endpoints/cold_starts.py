"""The container of a serverless variant: really started by the request that finds none, and ended when nobody asks.

As on AWS it is tried once when its endpoint is made or updated, which fails where it does not become healthy; then it
is gone until somebody asks, but for provisioned concurrency, which keeps it. One container answers, where AWS starts
one for each request at a time; so many requests at a time are taken as there, and the next is throttled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from infra.local.sagemaker.serving import Answer, NotHealthy, NotServing, Server, ServingError

_BETWEEN_LOOKS_SECONDS = 0.2


class Throttled(Exception):
    """As many requests as its MaxConcurrency are being answered."""


class ColdServer:
    """What answers for a serverless variant; asked as a Server is."""

    def __init__(self, make: Callable[[], Server], config: Mapping[str, Any], idle_seconds: float) -> None:
        """``make`` gives a container that was not started; it ends after so many seconds without a request."""
        self._make = make
        self._most = int(config["MaxConcurrency"])
        self._keep = bool(config.get("ProvisionedConcurrency"))
        self._idle_seconds = idle_seconds
        self._server: Server | None = None
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._in_flight = 0
        self._last = time.monotonic()
        self._stopping = threading.Event()

    @property
    def in_flight(self) -> int:
        """Requests that it is answering now."""
        return self._in_flight

    def start(self) -> None:
        """See that the container becomes healthy; keep it where concurrency is provisioned."""
        server = self._make()
        try:
            server.start()
        except BaseException:
            server.stop()
            raise
        if self._keep:
            self._server = server
        else:
            server.stop()
            threading.Thread(target=self._end_when_idle, name="ends idle containers", daemon=True).start()

    def invoke(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request, after a start where no container is there. Raises what a Server does, and Throttled."""
        with self._lock:
            if self._in_flight >= self._most:
                raise Throttled
            self._in_flight += 1
        try:
            server, seconds = self._warm()
            return replace(server.invoke(headers, body), setup_seconds=seconds)
        finally:
            with self._lock:
                self._in_flight -= 1
                self._last = time.monotonic()

    def stop(self) -> None:
        """Let running requests end, then end the container."""
        self._stopping.set()
        with self._starting:
            if self._server is not None:
                self._server.stop()
                self._server = None

    def _warm(self) -> tuple[Server, float]:
        """The container, and how many seconds its start has taken, 0 where it was there."""
        began = time.monotonic()
        with self._starting:
            if self._stopping.is_set():
                raise NotHealthy("the container is ending")
            if self._server is not None:
                return self._server, 0.0
            server = self._make()
            try:
                server.start()
            except ServingError as error:
                server.stop()
                raise NotServing(str(error)) from error
            self._server = server
        return server, time.monotonic() - began

    def _end_when_idle(self) -> None:
        while not self._stopping.wait(min(_BETWEEN_LOOKS_SECONDS, self._idle_seconds)):
            with self._starting:
                with self._lock:
                    idle = not self._in_flight and time.monotonic() - self._last >= self._idle_seconds
                if idle and self._server is not None:
                    # Whoever asks now waits for the end of it: the next one has the same folder.
                    self._server.stop()
                    self._server = None
