"""The real server as a child process, on a free port, with the memory of all its processes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.containers.serving.conftest import serving_program


def wait_until(happened: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Ask again and again whether something has happened. Raises AssertionError when it has not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds: {what}"
        time.sleep(0.02)


class Server:
    """A running server and its port."""

    def __init__(self, python: Path, base: Path, **environ: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        address = {"SAGEMAKER_BIND_TO_PORT": str(self.port), "GREENLIGHT_BIND_HOST": "127.0.0.1"}
        # A file: a pipe that nobody reads would fill up and stop the server.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # open as long as the server runs
        environment = {"SAGEMAKER_BASE_DIR": str(base), **address, **environ}
        self.process = serving_program(python, "serve", environment, self._log)

    def wait(self) -> Server:
        """Until /ping answers."""
        wait_until(self._answers, "/ping answers")
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            return self.ask("GET", "/ping")[0] == 200
        except OSError:
            return False

    def has_read(self) -> None:
        """Return once the server has read what was sent before: it takes connections in, and reads them, in order."""
        assert self.ask("GET", "/ping")[0] == 200

    def drains(self) -> bool:
        """Whether it has begun to end: answers no longer keep their connection."""
        connection = self.connect()
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().getheader("Connection") == "close"
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def invoke(self, body: bytes, content_type: str = "image/png", **headers: str) -> tuple[int, Any]:
        status, answer = self.ask("POST", "/invocations", body, Content_Type=content_type, **headers)
        return status, json.loads(answer)

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self) -> int:
        """Bytes of its own that the server and its workers hold, those that they share counted once.

        Pages of files are left out: what libraries cost one server depends on how many others have them loaded.
        """
        total = 0
        for pid in (self.process.pid, *self.workers()):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    total += int(line.split()[1]) * 1024
        return total

    def stop(self) -> tuple[int, str]:
        """The exit status and everything it logged."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return status, self.log()

    def log(self) -> str:
        """Everything it has logged so far."""
        # Not by seek and read: the server writes where this file's one position is.
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode()
