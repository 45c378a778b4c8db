"""Starts and stops the stand-in for AWS as a process of its own, and the environments its jobs run in.

Reaches it only through ``python -m infra.local`` and the files it leaves in its state folder.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from workflow.errors import GreenlightError, UsageError

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ("training", "serving")
_START_SECONDS = 90
_STOP_SECONDS = 60
_WAIT_SCALE = "0.02"
"""Pauses between two looks at an endpoint shrink to this part: a process starts in a second or two."""


class StandIn:
    """The stand-in that serves one state folder; ``started`` says whether this process started it.

    ``options`` are further ones of its command line.
    """

    def __init__(self, state: Path, port: int, options: Sequence[str] = ()) -> None:
        """Nothing is started yet."""
        self._options = list(options)
        # Absolute, because the process runs in the repository's folder, wherever this one runs.
        self._state = state.resolve()
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def started(self) -> bool:
        """Whether this process started it."""
        return self._process is not None

    def check(self) -> None:
        """Raise UsageError where the stand-in can neither be reused nor be started."""
        if self._running() is None and _in_use(self._port):
            raise UsageError(
                f"port {self._port} is used by another program, so the stand-in cannot listen there.\n"
                f"  Choose another one: add PORT={self._port + 1} to what you typed"
            )

    def ensure(self) -> dict[str, str]:
        """Reuse the stand-in that serves this state, or start one; return the environment that reaches it."""
        environment = self._running()
        if environment is not None:
            return environment
        self.check()
        return self._start()

    def stop(self) -> None:
        """Stop it, with its jobs and endpoints, if this process started it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _start(self) -> dict[str, str]:
        self._state.mkdir(parents=True, exist_ok=True)
        log = self._state / "start.txt"
        command = [sys.executable, "-m", "infra.local", "--port", str(self._port), "--state", str(self._state)]
        with log.open("wb") as output:
            # A session of its own: Ctrl-C in this terminal must not reach it before its jobs were stopped in order.
            self._process = subprocess.Popen(
                [*command, "--wait-scale", _WAIT_SCALE, "--warm", *self._options],
                cwd=ROOT,
                # Functions and jobs call the stand-in and nobody else, which a proxy would not reach.
                env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ended = time.monotonic() + _START_SECONDS
        while time.monotonic() < ended:
            environment = self._running()
            if environment is not None:
                return environment
            if self._process.poll() is not None:
                self._process = None
                raise GreenlightError(f"the stand-in did not start:\n{log.read_text().strip()[-2000:]}")
            time.sleep(0.05)
        self.stop()
        raise GreenlightError(f"the stand-in did not answer within {_START_SECONDS} s; see {self._state / 'log.txt'}")

    def _running(self) -> dict[str, str] | None:
        """The environment of the stand-in that serves this state now, None where none answers."""
        try:
            pid = int((self._state / "pid").read_text())
            os.kill(pid, 0)
            environment = read_environment((self._state / "env").read_text())
            read_mail(environment["AWS_ENDPOINT_URL"])
        except (OSError, ValueError, KeyError, GreenlightError):
            return None
        return environment


def read_environment(text: str) -> dict[str, str]:
    """The variables that a file of ``export NAME=value`` lines sets."""
    pairs = (line.removeprefix("export ").partition("=") for line in text.splitlines() if line.startswith("export "))
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def read_mail(url: str) -> list[dict[str, object]]:
    """The mail the stand-in would have sent, newest first."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/_local/mail", timeout=10) as answer:
            mail: list[dict[str, object]] = json.load(answer)
    except (OSError, ValueError) as error:
        raise GreenlightError(f"{url} has no mailbox: {error}") from error
    return mail


def make_environments(say: Callable[[str], None]) -> None:
    """Make the environments of both images where they are missing; ``say`` gets the name of each one that is ready."""
    # A session of its own, so that an interruption takes pip and whatever it runs along with it.
    maker = subprocess.Popen(
        [sys.executable, "-m", "infra.local.environments", *IMAGES],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    said = []
    try:
        for line in maker.stdout or ():
            said.append(line)
            if line.partition(" ready in ")[0] in IMAGES:
                say(line.partition(" ")[0])
        maker.wait()
    except BaseException:
        os.killpg(maker.pid, signal.SIGTERM)
        maker.wait()
        raise
    if maker.returncode:
        raise GreenlightError(f"the environments of the images could not be made:\n{''.join(said).strip()}")


def _in_use(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
