"""The state is its owner's alone: live links, keys, mail and logs are in it.

Knows the names of what lies in a state folder, and nothing about what is in it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

# A folder may have been chosen that holds other things too: those, and the folder itself, are left as they are.
_ENTRIES = {
    *("engine", "s3", "sagemaker", "scratch"),
    *("env", "pid", "lock", "log.txt", "start.txt", "mail.json", "mail.new"),
}
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private() -> None:
    """Let nobody else read what this process and its children make from now on."""
    os.umask(_OF_OTHERS)


def make_private(state: Path) -> None:
    """Take from everybody else what an earlier stand-in left readable in this state."""
    for entry in (state / name for name in _ENTRIES):
        _close(entry)
        for folder, folders, files in os.walk(entry):
            for name in (*folders, *files):
                _close(Path(folder, name))
    if {entry.name for entry in state.iterdir()} <= _ENTRIES:
        _close(state)


def _close(path: Path) -> None:
    # What is another user's, such as a container engine's, only that user can close; in this folder it is closed in.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & _OF_OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OF_OTHERS)
