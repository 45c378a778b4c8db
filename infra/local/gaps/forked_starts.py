"""Gap: each start of a function imports boto3 anew and reads the models of services anew, half a second of a processor.

On AWS that is another machine's time. Here a function is forked from a process that has done it (``fork_server``): with
the environment, folder, files and search path of a start of its own, and on the same Python. It is started as it was
before where a fork would not be the same: its zip or a layer brings other packages than the runtime; not on Linux.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from infra.local import fork_server
from infra.local.gaps.patching import EngineChangedError, require
from infra.local.runtimes import find_provided, provide

_LAYERS = "_LAMBDA_LAYERS_DIRS"
_lock = threading.Lock()
_servers: dict[str, Server] = {}
_ended = threading.Event()


class Forked:
    """A process that another one forked, by what the engine uses of ``subprocess.Popen``."""

    def __init__(self, ended: int, standard: Sequence[int]) -> None:
        """``ended`` is a pidfd; ``standard`` are our ends of its input, output and errors."""
        self._ended = ended
        self._lock = threading.Lock()
        self.stdin = os.fdopen(standard[0], "w", buffering=1)
        self.stdout = os.fdopen(standard[1])
        self.stderr = os.fdopen(standard[2])
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """None while it runs. Only whether it ended is known, not how."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        found = self._look(None if timeout is None else timeout * 1000)
        if found is None:
            raise subprocess.TimeoutExpired("a function", timeout or 0.0)
        return found

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        with self._lock:
            if self.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._ended, number)

    def _look(self, milliseconds: float | None) -> int | None:
        if self.returncode is None:
            looking = select.poll()
            looking.register(self._ended, select.POLLIN)
            if looking.poll(milliseconds):
                with self._lock:
                    if self.returncode is None:
                        os.close(self._ended)
                        self.returncode = 0
        return self.returncode


class Server:
    """A process that functions of one Python are forked from."""

    def __init__(self, python: str) -> None:
        """Start it; what is asked of it meanwhile waits."""
        self._lock = threading.Lock()
        self._asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [python, "-I", "-S", fork_server.__file__, str(theirs.fileno()), str(provide())]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def start(self, program: str, folder: str, environment: Mapping[str, str]) -> Forked:
        """Have a program run. Raises OSError where the process is gone."""
        message = json.dumps({"program": program, "folder": folder, "environment": dict(environment)}).encode()
        (their_in, our_in), (our_out, their_out), (our_errors, their_errors) = (os.pipe() for _ in range(3))
        ours, theirs = (our_in, our_out, our_errors), (their_in, their_out, their_errors)
        try:
            with self._lock:
                socket.send_fds(self._asked, [message], theirs)
                answer, found, _, _ = socket.recv_fds(self._asked, 1, 1)
            if not answer:
                raise OSError("the process that functions are forked from has ended")
        except OSError:
            for one in ours:
                os.close(one)
            raise
        finally:
            for one in theirs:
                os.close(one)
        return Forked(found[0], ours)

    def end(self) -> None:
        """End it, and leave what it has forked to the engine."""
        self._asked.close()
        self._process.wait()


def may_fork(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether a fork is what a start would be: of a Python, on Linux, with the runtime's own packages."""
    if sys.platform != "linux" or not words[1].endswith(".py") or environment.get(_LAYERS):
        return False
    return all(_same(folder / place.name, place) for place in find_provided())


def _same(brought: Path, provided: Path) -> bool:
    """Whether a zip has nothing of a package's name, or the runtime's own version of it."""
    told = "__init__.py" if provided.is_dir() else ""
    return not brought.exists() or ((brought / told).exists() and filecmp.cmp(brought / told, provided / told, False))


def _popen(words: Sequence[str], **given: Any) -> Any:
    if may_fork(words, Path(given["cwd"]), given["env"]):
        with _lock:
            if _ended.is_set():
                raise RuntimeError("the stand-in is stopping")
            server = _servers.get(words[0]) or _servers.setdefault(words[0], Server(words[0]))
        try:
            return server.start(words[1], given["cwd"], given["env"])
        except OSError:
            # Whatever became of it, the function can start by itself.
            with _lock:
                if _servers.get(words[0]) is server:
                    del _servers[words[0]]
    return subprocess.Popen(words, **given)


def end() -> None:
    """End the processes that functions are forked from; none starts after this."""
    _ended.set()
    with _lock:
        servers = list(_servers.values())
        _servers.clear()
    for server in servers:
        server.end()


def install() -> None:
    """Have functions forked instead of started."""
    if require(lambda_runtime, "subprocess") is not subprocess:
        raise EngineChangedError("starts functions differently")
    _ended.clear()
    lambda_runtime.subprocess = types.SimpleNamespace(**{**vars(subprocess), "Popen": _popen})
