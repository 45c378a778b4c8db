"""The stand-in as a process of this machine: its pid file, stopping it, and starting it in the background.

Knows nothing about what it serves.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

_STOP_SECONDS = 60


def claim(state: Path) -> TextIO | None:
    """A lock on the state, held as long as the file is open; None while another stand-in holds it.

    Whoever gets it knows that a pid file in the state was left behind, and that its number may be another program's
    by now: it is removed.
    """
    lock = (state / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    (state / "pid").unlink(missing_ok=True)
    return lock


def address(state: Path) -> str | None:
    """The ready line of the stand-in that serves this state; None where its `env` cannot be read."""
    try:
        lines = (state / "env").read_text().splitlines()
    except OSError:
        return None
    return next((line.removeprefix("export ") for line in lines if "AWS_ENDPOINT_URL=" in line), None)


def write_files(state: Path, environment: Mapping[str, str]) -> None:
    """Leave `env` (lines for `source`) and `pid` in the state."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
    (state / "env").write_text("".join(lines))
    (state / "pid").write_text(f"{os.getpid()}\n")


def remove_pid(state: Path) -> None:
    """Remove the pid file, where it is this process's own."""
    if _written_pid(state) == os.getpid():
        (state / "pid").unlink()


def _written_pid(state: Path) -> int | None:
    try:
        return int((state / "pid").read_text())
    except (OSError, ValueError):
        return None


def stop(state: Path) -> bool:
    """Stop the stand-in that serves this state and wait for its end; False when there is none."""
    if (free := claim(state)) is not None:
        free.close()
        return False
    pid = _written_pid(state)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    for _ in range(_STOP_SECONDS * 10):
        if (free := claim(state)) is not None:
            free.close()
            return True
        time.sleep(0.1)
    raise TimeoutError(f"process {pid} does not stop")


def start_detached(arguments: Sequence[str], log: Path) -> str | None:
    """Start `python -m infra.local` with these arguments in a session of its own.

    Gives its ready line, or None when it ended without one; what it said is in `log`.
    """
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            text=True,
        )
    if process.stdout is None:
        raise RuntimeError("the stand-in was started without a pipe")
    line = process.stdout.readline()
    return line.strip() or None
