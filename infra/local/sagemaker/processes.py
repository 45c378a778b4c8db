"""Real processes: started, watched line by line, asked to end, killed with everything they started.

It knows nothing of SageMaker. `guard.py` stands between this process and the command, so that nothing is left
running even when this process is killed outright.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, cast

_GUARD = Path(__file__).with_name("guard.py")

EndedBy = Literal["itself", "time limit", "request"]


@dataclass(frozen=True)
class Command:
    """What to run, where, with exactly which environment; ``afterwards`` is run once it has ended in any way."""

    arguments: list[str]
    environment: Mapping[str, str]
    folder: Path
    afterwards: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """How a process ended: its exit code (128 + signal for a killed one) and who ended it."""

    exit_code: int
    ended_by: EndedBy


class Process:
    """One running command; every line it prints goes to ``on_line``."""

    def __init__(self, command: Command, on_line: Callable[[str], None]) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-S", "-E", str(_GUARD), json.dumps(command.afterwards), *command.arguments],
            env=dict(command.environment),
            cwd=command.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        # Both are pipes, as asked for above.
        self._orders, self._output = cast(IO[bytes], self._popen.stdin), cast(IO[bytes], self._popen.stdout)
        self._reader = threading.Thread(target=self._read, args=(on_line,), name="job-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the guard, whose descendants are the command and what it started."""
        return self._popen.pid

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code once the process has ended and its output is read, or ``None`` after ``seconds``."""
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(5)
        return code

    def wait_for_end(self) -> int:
        """The exit code, however long it takes."""
        code = self._popen.wait()
        self._reader.join(5)
        return code

    def terminate(self) -> None:
        """Ask the command to end, as ``docker stop`` does first."""
        self._order(b"T")

    def kill(self) -> None:
        """End the command and everything it started, at once."""
        self._order(b"K")

    def _order(self, letter: bytes) -> None:
        # The guard has gone when the command has: then there is nothing left to order.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._orders.write(letter)
            self._orders.flush()

    def _read(self, on_line: Callable[[str], None]) -> None:
        for raw in self._output:
            on_line(raw.decode("utf-8", "replace").rstrip("\r\n"))


class Processes:
    """All processes of the stand-in, so that it can end them together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Process] = set()
        self._closed = False

    def start(self, command: Command, on_line: Callable[[str], None]) -> Process:
        """Start a command; refused once the stand-in is ending."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the stand-in is ending and starts nothing more")
            process = Process(command, on_line)
            self._running.add(process)
        threading.Thread(target=self._forget_when_over, args=(process,), name="job-end", daemon=True).start()
        return process

    def close(self) -> None:
        """Kill everything, wait for it, and start nothing more."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            process.kill()
        for process in running:
            process.wait(5)

    def _forget_when_over(self, process: Process) -> None:
        process.wait()
        with self._lock:
            self._running.discard(process)


def run_to_end(
    process: Process,
    stop: threading.Event,
    limit_seconds: float,
    grace_seconds: float,
    every: Callable[[], None] = lambda: None,
    poll_seconds: float = 0.2,
) -> Outcome:
    """Wait for the end; at the time limit or on ``stop`` ask politely, and kill after the grace period.

    ``every`` is called at each look, for work that goes along; when it fails, the process is killed.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        code = process.wait(poll_seconds)
        if code is not None:
            return Outcome(code, "itself")
        try:
            every()
        except BaseException:
            process.kill()
            raise
        if stop.is_set():
            return Outcome(end(process, grace_seconds), "request")
        if time.monotonic() >= deadline:
            return Outcome(end(process, grace_seconds), "time limit")


def end(process: Process, grace_seconds: float) -> int:
    """SIGTERM, the grace period, then SIGKILL for the whole group; the exit code."""
    process.terminate()
    if process.wait(grace_seconds) is None:
        process.kill()
    return process.wait_for_end()
