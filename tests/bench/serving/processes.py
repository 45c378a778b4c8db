"""Memory and processor time of a program with all its processes, and of the whole machine. Linux only."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_PROC = Path("/proc")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_MATTER = {
    # Intel and AMD
    *("amx_int8", "amx_bf16", "amx_fp16", "avx512_bf16", "avx512_fp16", "avx512_vnni", "avx512f", "avx_vnni", "avx2"),
    # ARM
    *("i8mm", "bf16", "sve2", "sve", "asimddp", "asimd"),
}
"""What libraries compute networks with, as Linux calls it."""


def family(leader: int) -> dict[int, float]:
    """Processor seconds of the process, of all that descend from it and of all of its session, by process.

    The session counts because a parent may have ended and left its children. Time of ended children is their parent's.
    """
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    found: list[int] = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            # A process may end between two reads.
            with contextlib.suppress(OSError):
                # The name, in parentheses, may hold anything; state, parent, group and session follow it.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                process = int(entry.name)
                parents[process] = int(fields[1])
                seconds[process] = sum(map(int, fields[11:15])) / _TICKS_A_SECOND
                if leader in (process, int(fields[3])):
                    found.append(process)
    for process in found:
        found += [child for child, parent in parents.items() if parent == process and child not in found]
    return {process: seconds[process] for process in found}


def proportional_bytes(leader: int) -> int:
    """Sum of the proportional set sizes (PSS) of a process and its family: a page that is shared counts once."""
    total = 0
    for process in family(leader):
        with contextlib.suppress(OSError):
            for line in (_PROC / str(process) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def busy_seconds() -> float:
    """Processor seconds that the whole machine has worked since it was started."""
    fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()
    # user, nice, system, idle, waiting, interrupts, soft interrupts: all but the two of idleness.
    user, nice, system, _, _, hard, soft = map(int, fields[1:8])
    return (user + nice + system + hard + soft) / _TICKS_A_SECOND


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0))


def processor_name() -> str:
    """What the processor calls itself."""
    found = re.search(r"^model name\s*:\s*(.*)$", (_PROC / "cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else "a processor without a name"


def instruction_sets() -> list[str]:
    """Those of the processor that libraries compute networks with, in alphabetical order."""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", (_PROC / "cpuinfo").read_text(), re.MULTILINE)
    return sorted(_MATTER.intersection(found.group(1).split())) if found else []
