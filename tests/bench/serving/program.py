"""Starts a server, waits until it answers, and ends it with everything it started."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.serving.load import HOST
from tests.bench.serving.processes import family, proportional_bytes

START_SECONDS = 120
STOP_SECONDS = 15
_SHOWN_LINES_OF_A_LOG = 12


class ProgramError(RuntimeError):
    """The server did not come up; the message ends with what it said."""


@dataclass(frozen=True)
class Launch:
    """How a server is started, and where it says that it is there and takes pictures."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path
    ping: str
    path: str


@dataclass
class Running:
    """A server that answers."""

    launch: Launch
    port: int
    process: subprocess.Popen[bytes]
    ping_seconds: float = 0.0
    """From the start until the health check says yes."""
    answer_seconds: float = 0.0
    """From the start until a picture was answered; some are healthy before they have a model."""
    peak_bytes: int = 0

    def watch_memory(self) -> None:
        """Look at the memory once and keep the highest."""
        self.peak_bytes = max(self.peak_bytes, proportional_bytes(self.process.pid))

    def processor_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(family(self.process.pid).values())

    def post(self, picture: bytes) -> tuple[int, bytes]:
        """Status and body that answer a picture, on a connection of its own."""
        return _ask(self.port, "POST", self.launch.path, picture)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(launch: Launch, port: int, log: Path, picture: bytes) -> Iterator[Running]:
    """Start a server and wait until it has answered ``picture``. Raises ProgramError when it does not."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            launch.command,
            cwd=launch.folder,
            env=dict(launch.environ),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            # A group of its own, which ends as a whole.
            start_new_session=True,
        )
    server = Running(launch, port, process)
    try:
        _await(server, started, log, picture)
        yield server
    finally:
        _end(process)


def _await(server: Running, started: float, log: Path, picture: bytes) -> None:
    said = ""
    while time.perf_counter() - started < START_SECONDS:
        if server.process.poll() is not None:
            raise ProgramError(f"ended with {server.process.returncode}:\n{_tail(log)}")
        try:
            if not server.ping_seconds:
                status, body = _ask(server.port, "GET", server.launch.ping)
                if status == 200:
                    server.ping_seconds = time.perf_counter() - started
                    continue
            else:
                status, body = server.post(picture)
                if status == 200:
                    server.answer_seconds = time.perf_counter() - started
                    return
            said = f"{status} {body[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            said = str(error)
        time.sleep(0.05)
    raise ProgramError(f"did not answer within {START_SECONDS} seconds, last {said}:\n{_tail(log)}")


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "image/jpeg"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # What it has started may outlive it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_SHOWN_LINES_OF_A_LOG:])
