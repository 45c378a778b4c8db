"""What the machine could give at most: the graph alone, and the predictor in a loop without any server."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from containers.serving.http.workers import ENVIRONMENT
from infra.local.environments import REPOSITORY
from tests.bench.serving.load import quantile
from tests.bench.serving.processes import busy_seconds, cores
from tests.bench.serving.workload import Workload, python_of


class LimitError(RuntimeError):
    """A process of the loop failed; the message ends with what it said."""


@dataclass
class Worked:
    """What processes did at one time, in one turn or in several: seconds of every picture, in a list for each."""

    times: list[list[float]] = field(default_factory=list)
    processor_seconds: float = 0.0
    foreign_share: float = 0.0
    """What others took of the machine's processors meanwhile, in the turn with the most."""

    def add(self, turn: Worked) -> None:
        """Count another turn of as many processes."""
        self.times = [
            before + after for before, after in zip(self.times or [[] for _ in turn.times], turn.times, strict=True)
        ]
        self.processor_seconds += turn.processor_seconds
        self.foreign_share = max(self.foreign_share, turn.foreign_share)

    @property
    def rate(self) -> float:
        """Pictures a second of all processes."""
        return sum(len(times) / sum(times) for times in self.times if times)


@dataclass
class Limit:
    """One process of one thread alone, and one such process a core at once."""

    name: str
    about: str
    alone: Worked = field(default_factory=Worked)
    together: Worked = field(default_factory=Worked)

    def quantile_ms(self, share: float) -> float:
        """The milliseconds that ``share`` of the pictures of one process did not exceed (nearest rank)."""
        return 1000 * quantile(sorted(time for times in self.alone.times for time in times), share)

    @property
    def processor_ms(self) -> float:
        """Processor time of one picture, with all processes at work."""
        return 1000 * self.together.processor_seconds / max(1, sum(map(len, self.together.times)))

    @property
    def foreign_share(self) -> float:
        """What others took of the machine's processors meanwhile."""
        return max(self.alone.foreign_share, self.together.foreign_share)


class Loop:
    """Processes, one a core, that are ready to work and wait to be told."""

    def __init__(self, name: str, processes: list[subprocess.Popen[str]], log: Path) -> None:
        """Wait until all are ready. Raises LimitError."""
        self._processes, self._log = processes, log
        about = [str(json.loads(self._read(process))["ready"]) for process in processes]
        self.limit = Limit(name, about[0])

    def work_alone(self, seconds: float) -> None:
        """Have one process work for ``seconds`` more. Raises LimitError."""
        self.limit.alone.add(self._work(self._processes[:1], seconds))

    def work_together(self, seconds: float) -> None:
        """Have all of them work for ``seconds`` more. Raises LimitError."""
        self.limit.together.add(self._work(self._processes, seconds))

    def _work(self, processes: list[subprocess.Popen[str]], seconds: float) -> Worked:
        started, busy = time.perf_counter(), busy_seconds()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        done = [json.loads(self._read(process)) for process in processes]
        wall, spent = time.perf_counter() - started, sum(one["processor_seconds"] for one in done)
        foreign = max(0.0, busy_seconds() - busy - spent) / (wall * cores())
        return Worked([one["times"] for one in done], spent, foreign)

    def _read(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise LimitError("\n".join(self._log.read_text().splitlines()[-12:]) or "ended without a word")
        return line


@contextmanager
def started_loop(workload: Workload, kind: str, precision: str, log: Path) -> Iterator[Loop]:
    """The processes of ``loop`` or ``runtime``, ready. Raises LimitError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    program = [str(python_of("serving")), "-m", "tests.bench.serving.loop"]
    command = [*program, str(workload.model(precision)), str(workload.images.resolve()), kind]
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
            for _ in range(cores())
        ]
        try:
            yield Loop(f"{kind}-{precision}", running, log)
        finally:
            for process in running:
                process.kill()
                process.communicate()


def measure_limit(workload: Workload, kind: str, precision: str, *, seconds: float, log: Path) -> Limit:
    """Measure for itself: one process for ``seconds``, then one a core for half of them. Raises LimitError."""
    with started_loop(workload, kind, precision, log) as loop:
        loop.work_alone(seconds)
        loop.work_together(seconds / 2)
        return loop.limit
