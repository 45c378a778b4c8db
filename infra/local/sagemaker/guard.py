"""Runs one command in a session of its own and lets nothing of it outlive whoever started this program.

Started by `processes.py` as `python guard.py '[]' command …`; the first argument is another command, as a JSON list,
to run at the very end, such as the removal of a container. Standard input carries one-letter orders: T asks the
command to end, K kills everything it started; the end of standard input, which also comes when the starter dies in any
way, kills too. The exit status is the command's own, or 128 plus the signal that ended it. Standard library only: it
must start in milliseconds and work under any interpreter.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys

_SIGKILL = 9
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """In the child: if this guard is killed, Linux kills the command too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, _SIGKILL)


def main(command: list[str], afterwards: list[str]) -> int:
    """Run the command to its end, then the other one."""
    # Ctrl-C in a terminal reaches the whole foreground group; only the starter decides about its jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent, restore_signals=True
        )
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", file=sys.stderr, flush=True)
        return 127
    orders = True
    while child.poll() is None:
        ready, _, _ = select.select([wake_read] + ([0] if orders else []), [], [])
        if wake_read in ready:
            os.read(wake_read, 512)
        if 0 in ready:
            letters = os.read(0, 512)
            if b"K" in letters or not letters:
                orders = bool(letters)
                _kill_group(child.pid)
            elif b"T" in letters:
                child.terminate()
    _kill_group(child.pid)
    if afterwards:
        subprocess.run(afterwards, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    status = child.returncode
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], json.loads(sys.argv[1])))
