"""How much of this machine a process and everything it started use, read from /proc; nothing where there is none."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


class Utilisation:
    """What one process and its descendants use, with the disk that holds a folder."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid = pid
        self._folder = folder
        self._before = (time.monotonic(), 0.0)

    def look(self) -> dict[str, float]:
        """``CPU`` in percent of one core since the last look, ``Memory`` and ``Disk`` in percent of all there is."""
        found = list(_tree(self._pid))
        if not found:
            return {}
        seconds, bytes_held = sum(one[0] for one in found), sum(one[1] for one in found)
        now, (then, before) = time.monotonic(), self._before
        self._before = (now, seconds)
        disk = shutil.disk_usage(self._folder)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        # A process that ended meanwhile takes its seconds along.
        used = max(0.0, seconds - before) / max(now - then, 1e-3)
        return {"CPU": used * 100, "Memory": bytes_held / memory * 100, "Disk": disk.used / disk.total * 100}


def _tree(root: int) -> Iterator[tuple[float, int]]:
    """Processor seconds and bytes of memory of a process and its descendants."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    children: dict[int, list[int]] = {}
    held: dict[int, tuple[float, int]] = {}
    for entry in _PROC.glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        held[int(entry.name)] = ((int(fields[11]) + int(fields[12])) / tick, int(fields[21]) * page)
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        if pid in held:
            yield held[pid]
