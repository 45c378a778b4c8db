"""Whether a process still runs, as the kernel tells it."""

from __future__ import annotations

from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it is gone; ESRCH instead of ENOENT when it goes between the opening and the reading
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
