"""What the machine could give at most: the graph alone, and the predictor in a loop without any server."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from containers.serving.http.workers import ENVIRONMENT
from infra.local.environments import REPOSITORY
from tests.bench.serving.load import quantile
from tests.bench.serving.processes import busy_seconds, cores
from tests.bench.serving.workload import Workload, python_of


class LimitError(RuntimeError):
    """A process of the loop failed; the message ends with what it said."""


@dataclass(frozen=True)
class Limit:
    """One process of one thread alone, and one such process a core at once."""

    name: str
    about: str
    p50_ms: float
    p99_ms: float
    alone: float
    """Pictures a second of one process."""
    rate: float
    """Pictures a second of all processes."""
    processor_ms: float
    """Processor time of one picture, of all processes."""
    foreign_share: float
    """What others took of the machine's processors meanwhile."""


def measure_limit(workload: Workload, kind: str, precision: str, *, processes: int, seconds: float, log: Path) -> Limit:
    """Measure ``loop`` or ``runtime``: one process for ``seconds``, then ``processes`` at once for half of them.

    Raises LimitError.
    """
    alone = _run(workload, kind, precision, 1, seconds, log)
    together = _run(workload, kind, precision, processes, seconds / 2, log)
    rising = sorted(alone.times[0])
    return Limit(
        f"{kind}-{precision}",
        alone.runtime,
        1000 * quantile(rising, 0.5),
        1000 * quantile(rising, 0.99),
        len(rising) / sum(rising),
        sum(len(times) / sum(times) for times in together.times),
        1000 * together.processor_seconds / sum(map(len, together.times)),
        max(alone.foreign_share, together.foreign_share),
    )


@dataclass(frozen=True)
class _Ran:
    """Seconds of every picture by process, processor time of all of them."""

    runtime: str
    times: list[list[float]]
    processor_seconds: float
    foreign_share: float


def _run(workload: Workload, kind: str, precision: str, processes: int, seconds: float, log: Path) -> _Ran:
    log.parent.mkdir(parents=True, exist_ok=True)
    program = [str(python_of("serving")), "-m", "tests.bench.serving.loop"]
    command = [*program, str(workload.model(precision)), str(workload.images.resolve()), kind, str(seconds)]
    with log.open("w") as said:
        running = [
            subprocess.Popen(
                command,
                cwd=REPOSITORY,
                # The server gives its workers the same.
                env={"PATH": os.environ["PATH"], **ENVIRONMENT},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
            for _ in range(processes)
        ]
        try:
            ready = [json.loads(_line(process, log))["ready"] for process in running]
            started, busy = time.perf_counter(), busy_seconds()
            for process in running:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            done = [json.loads(_line(process, log)) for process in running]
            wall, spent = time.perf_counter() - started, sum(one["processor_seconds"] for one in done)
            foreign = max(0.0, busy_seconds() - busy - spent) / (wall * cores())
            return _Ran(str(ready[0]), [one["times"] for one in done], spent, foreign)
        finally:
            for process in running:
                process.kill()
                process.communicate()


def _line(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise LimitError("\n".join(log.read_text().splitlines()[-12:]) or "ended without a word")
    return line
