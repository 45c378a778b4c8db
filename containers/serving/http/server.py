"""Serves the predictor under SageMaker's contract on port 8080.

Reads the model, gives root away, starts the workers, and opens the port only after each of them has really run the
model once: a healthy ``/ping`` means a working model. On SIGTERM everything accepted is answered before the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import uvicorn
import uvloop

from containers.serving.http.application import MAXIMUM_BODY_BYTES, Application
from containers.serving.http.port import hide_port, open_port
from containers.serving.http.privilege import PrivilegeError, step_down
from containers.serving.http.protocol import BoundedProtocol
from containers.serving.http.workers import ANSWER_SECONDS, Spread, Workers, WorkersError
from containers.serving.model.files import hand_over, read_engine, read_model
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.thresholds import ConfidenceError, read_confidence

DRAIN_SECONDS = 25
"""SageMaker kills a container 30 seconds after SIGTERM."""
QUIET_SECONDS = 0.25
"""After SIGTERM the port stays open until nothing was under way for so long, or for ``LINGER_SECONDS``."""
LINGER_SECONDS = 3.0
LAST_ARRIVALS_SECONDS = 0.25


class PortError(ValueError):
    """The port that is named is none."""


class BodySizeError(ValueError):
    """The size of bodies that is named is none."""


class AnswerTimeError(ValueError):
    """The time for an answer that is named is none."""


class RefusalsError(ValueError):
    """Nobody knows what is to become of refused requests."""


def serve(environ: Mapping[str, str]) -> int:
    """Load the model and answer until SIGTERM; 1 when there is no model that works."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        confidence = read_confidence(environ, "GREENLIGHT_CONFIDENCE")
        folder = Path(environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model"
        manifest, model = read_model(folder)
        engine = read_engine(folder, Manifest.parse(manifest))
        handle = hand_over(manifest, model, engine)
        del manifest, model, engine
        step_down(environ)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(environ, handle, confidence))
    except (
        ModelError,
        ConfidenceError,
        PortError,
        WorkersError,
        BodySizeError,
        AnswerTimeError,
        RefusalsError,
        PrivilegeError,
        OSError,
    ) as error:
        print(f"cannot serve: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def read_port(environ: Mapping[str, str]) -> int:
    """The port that SageMaker names, or its usual one. Raises PortError for what is none."""
    text = environ.get("SAGEMAKER_BIND_TO_PORT", "8080")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise PortError(f"SAGEMAKER_BIND_TO_PORT = {text!r}: must be the number of a port")
    return int(text)


def read_largest_body(environ: Mapping[str, str]) -> int:
    """How many bytes a body may have. Raises BodySizeError for a size that is none."""
    text = environ.get("GREENLIGHT_BODY_MEGABYTES", str(MAXIMUM_BODY_BYTES // 1_000_000))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1000:
        raise BodySizeError(f"GREENLIGHT_BODY_MEGABYTES = {text!r}: must be a whole number from 1 to 1000")
    return int(text) * 1_000_000


def read_answer_seconds(environ: Mapping[str, str]) -> float:
    """How long an answer may take. Raises AnswerTimeError for a time that is none."""
    text = environ.get("GREENLIGHT_ANSWER_SECONDS", f"{ANSWER_SECONDS:g}")
    if not text.isascii() or not text.isdigit() or not ANSWER_SECONDS <= int(text) <= 3600:
        raise AnswerTimeError(
            f"GREENLIGHT_ANSWER_SECONDS = {text!r}: must be a whole number from {ANSWER_SECONDS:g} to 3600"
        )
    return float(text)


def read_refusals(environ: Mapping[str, str]) -> bool:
    """Whether a refused request is answered with status 200. Raises RefusalsError for a word that is none."""
    word = environ.get("GREENLIGHT_REFUSALS", "")
    if word not in ("", "answer"):
        raise RefusalsError(f"GREENLIGHT_REFUSALS = {word!r}: must be answer, or be left out")
    return word == "answer"


def processors() -> int:
    """Processors this process may use; where the system cannot tell (macOS), all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def _serve(environ: Mapping[str, str], model: int, confidence: float) -> None:
    started = time.perf_counter()
    port, answers_refusals = read_port(environ), read_refusals(environ)
    spread = Spread.choose(environ, processors())
    workers = Workers(model, spread, tell, read_answer_seconds(environ))
    try:
        await workers.start()
        seconds = round(time.perf_counter() - started, 2)
        tell("ready", runtime=workers.runtime, processes=spread.processes, slots=spread.slots, seconds=seconds)
        application = Application(
            workers, confidence, spread.slots, tell, read_largest_body(environ), answers_refusals=answers_refusals
        )
        config = uvicorn.Config(
            application,
            http=BoundedProtocol,
            interface="asgi3",
            lifespan="off",
            proxy_headers=False,
            access_log=False,
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,  # by then everything was waited for that is worth it
            timeout_keep_alive=75,
        )
        host = environ.get("GREENLIGHT_BIND_HOST", "0.0.0.0")  # noqa: S104  # SageMaker reaches it from outside
        await Server(config, application, open_port(host, port)).answer()
    finally:
        await workers.stop()


class Server(uvicorn.Server):
    """uvicorn, which on SIGTERM closes its port at once; here whoever has just connected is answered first."""

    def __init__(self, config: uvicorn.Config, application: Application, listener: socket.socket) -> None:
        """Serve ``application`` on ``listener``."""
        super().__init__(config)
        self._application = application
        self._listener = listener
        self._drain: asyncio.Task[None] | None = None

    async def answer(self) -> None:
        """Until SIGTERM, and on until everything is answered."""
        await self.serve([self._listener])

    def handle_exit(self, sig: int, frame: object) -> None:
        """Begin to drain at the first signal; a second one ends at once."""
        if self._drain is not None:
            self.should_exit = self.force_exit = True
            return
        self._application.draining = True
        self._drain = asyncio.get_running_loop().create_task(self._finish())

    async def _finish(self) -> None:
        """Answer with ``Connection: close`` until nothing is under way, close the port, and answer what is left."""
        started = quiet_since = time.monotonic()
        while time.monotonic() < min(started + LINGER_SECONDS, quiet_since + QUIET_SECONDS):
            await asyncio.sleep(0.05)
            if self._application.running:
                quiet_since = time.monotonic()
        if not hide_port(self._listener):
            tell("port cannot be hidden", note="a connection that is made as it closes may be reset")
        await asyncio.sleep(LAST_ARRIVALS_SECONDS)
        for server in self.servers:
            server.close()
        quiet_since = time.monotonic()
        while time.monotonic() < min(started + DRAIN_SECONDS, quiet_since + QUIET_SECONDS):
            await asyncio.sleep(0.05)
            if self._application.running:
                quiet_since = time.monotonic()
        self.should_exit = True


def tell(event: str, **fields: object) -> None:
    """One line of log, as JSON."""
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()
