"""Measures the limits and the contestants, one after the other; in turns what is held against one another closely."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.environments import REPOSITORY, InstallationError
from tests.bench.serving.agreement import Agreement, compare
from tests.bench.serving.contestants import Contestant, LeftOutError, Setting
from tests.bench.serving.echo_cost import client_microseconds
from tests.bench.serving.limits import Limit, LimitError, Loop, measure_limit, started_loop
from tests.bench.serving.load import Load, LoadError, request, run_load
from tests.bench.serving.processes import busy_seconds, cores
from tests.bench.serving.program import ProgramError, Running, free_port, running
from tests.bench.serving.workload import Workload

SCRATCH = REPOSITORY / "build" / "bench"
SECONDS = 6.0
"""Of every point but those in turns."""
LIMITS = tuple((kind, precision) for precision in ("bf16", "f32", "int8") for kind in ("runtime", "loop"))
"""Kind and precision of every limit."""
TRIAL_CLIENTS = 16
"""Connections with which the better setting of a peer is found, and a server fills the cores beside the loop."""


@dataclass(frozen=True)
class Plan:
    """What to measure, how long each point takes, and the numbers of clients."""

    contestants: Sequence[Contestant]
    limits: Sequence[tuple[str, str]] = LIMITS
    clients: Sequence[int] = (1, 4, 16, 64)
    seconds: float = SECONDS
    warm_up: float = 1.5
    trial_seconds: float = 3.0
    turns: int = 5
    """Of a server and the loop, one after the other: what else the machine does meets both."""
    tail_seconds: float = 30.0
    """Of one client, and of the loop in one process: a hundredth of their answers are to be enough for a quantile."""


@dataclass(frozen=True)
class Trial:
    """What a setting came to when it was tried: answers a second, and the most memory."""

    rate: float
    peak_bytes: int


@dataclass
class Outcome:
    """What one contestant showed; ``left_out`` says why there is nothing."""

    contestant: Contestant
    setting: Setting | None = None
    left_out: str = ""
    ping_seconds: float = 0.0
    answer_seconds: float = 0.0
    peak_bytes: int = 0
    loads: dict[int, Load] = field(default_factory=dict)
    """By the number of clients."""
    agreement: Agreement = field(default_factory=Agreement)
    trials: dict[Setting, Trial] = field(default_factory=dict)
    """Of each setting, where there are several."""

    @property
    def rate(self) -> float:
        """The highest rate of all numbers of clients."""
        return max((load.rate for load in self.loads.values()), default=0.0)

    @property
    def memory_bytes(self) -> int:
        """The most memory with a process a core, whatever setting answers most."""
        usual = self.contestant.settings[0]
        return self.peak_bytes if self.setting == usual else self.trials[usual].peak_bytes

    @property
    def server_ms(self) -> float:
        """Processor time of the server for one answer, in milliseconds, over all numbers of clients."""
        spent = sum(load.server_seconds for load in self.loads.values())
        return 1000 * spent / max(1, sum(load.answered for load in self.loads.values()))

    @property
    def errors(self) -> list[str]:
        """Every answer that was none."""
        return [error for load in self.loads.values() for error in load.errors]


@dataclass
class Results:
    """All of it."""

    workload: Workload
    cores: int
    client_microseconds: float = 0.0
    limits: dict[str, Limit] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Limits that could not be measured, with the reason."""


def measure(plan: Plan, workload: Workload, say: Callable[[str], None]) -> Results:
    """Measure all that is planned; what fails is left out with its reason."""
    results = Results(workload, cores())
    requests = [request("/", picture) for picture in workload.pictures]
    results.client_microseconds = client_microseconds(requests)
    in_turns = {("loop", contestant.precision) for contestant in plan.contestants}
    for kind, precision in plan.limits:
        if (kind, precision) not in in_turns:
            say(f"{kind}-{precision} …")
            try:
                limit = measure_limit(workload, kind, precision, seconds=plan.seconds, log=_log(f"{kind}-{precision}"))
                results.limits[limit.name] = limit
            except LimitError as error:
                results.failures[f"{kind}-{precision}"] = str(error)
    for contestant in plan.contestants:
        say(f"{contestant.name} …")
        with contextlib.ExitStack() as stack:
            loop = None
            name = f"loop-{contestant.precision}"
            if ("loop", contestant.precision) in plan.limits:
                try:
                    loop = stack.enter_context(started_loop(workload, "loop", contestant.precision, _log(name)))
                    results.limits[name] = loop.limit
                except LimitError as error:
                    results.failures[name] = str(error)
            results.outcomes[contestant.name] = measure_contestant(contestant, loop, plan, workload, say)
    return results


def measure_contestant(
    contestant: Contestant, loop: Loop | None, plan: Plan, workload: Workload, say: Callable[[str], None]
) -> Outcome:
    """Find the better setting, then measure with it, in turns with the loop where there is one."""
    outcome = Outcome(contestant)
    try:
        outcome.setting = contestant.settings[0]
        if len(contestant.settings) > 1:
            for setting in contestant.settings:
                outcome.trials[setting] = _trial(contestant, setting, plan, workload)
            outcome.setting = max(contestant.settings, key=lambda setting: outcome.trials[setting].rate)
            say("  " + ", ".join(f"{setting}: {trial.rate:.1f}/s" for setting, trial in outcome.trials.items()))
        with _started(contestant, outcome.setting, workload) as server:
            outcome.ping_seconds, outcome.answer_seconds = server.ping_seconds, server.answer_seconds
            for clients in plan.clients:
                load = _measure_point(server, clients, loop, plan, workload)
                outcome.loads[clients] = load
                tail = load.quantile_ms(0.99)
                say(f"  {clients:>2} clients: {load.rate:.1f}/s, p50 {load.quantile_ms(0.5):.1f}, p99 {tail:.1f} ms")
            outcome.peak_bytes = server.peak_bytes
            outcome.agreement = _agreement(contestant, workload, server, outcome.loads)
    except (LeftOutError, LimitError, ProgramError, LoadError, InstallationError) as error:
        outcome.left_out = str(error)
        say(f"  left out: {error}")
    return outcome


def _measure_point(server: Running, clients: int, loop: Loop | None, plan: Plan, workload: Workload) -> Load:
    """One number of clients; one client beside the loop in one process, those that fill the cores beside all."""
    work = None if loop is None else {1: loop.work_alone, TRIAL_CLIENTS: loop.work_together}.get(clients)
    if work is None:
        return _load(server, workload, clients, plan.warm_up, plan.seconds)
    turn = (plan.tail_seconds if clients == 1 else plan.seconds) / plan.turns
    whole = _load(server, workload, clients, plan.warm_up, turn)
    work(turn)
    for _ in range(1, plan.turns):
        whole.add(_load(server, workload, clients, 0.1, turn))
        work(turn)
    return whole


def _log(name: str) -> Path:
    return SCRATCH / "logs" / f"{name}.log"


def _started(contestant: Contestant, setting: Setting, workload: Workload) -> AbstractContextManager[Running]:
    folder = SCRATCH / "run" / contestant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    launch = contestant.launch(workload, setting, port, folder)
    return running(launch, port, _log(contestant.name), workload.pictures[0])


def _trial(contestant: Contestant, setting: Setting, plan: Plan, workload: Workload) -> Trial:
    with _started(contestant, setting, workload) as server:
        load = _load(server, workload, TRIAL_CLIENTS, plan.warm_up / 2, plan.trial_seconds)
        return Trial(load.rate, server.peak_bytes)


def _load(server: Running, workload: Workload, clients: int, warm_up: float, seconds: float) -> Load:
    requests = [request(server.launch.path, picture) for picture in workload.pictures]

    def clocks() -> tuple[float, float, float, float]:
        return time.perf_counter(), busy_seconds(), server.processor_seconds(), time.process_time()

    before = clocks()
    load = run_load(server.port, requests, clients=clients, warm_up=warm_up, seconds=seconds, watch=server.watch_memory)
    wall, busy, its, ours = (after - early for early, after in zip(before, clocks(), strict=True))
    load.server_seconds = its
    load.foreign_share = max(0.0, busy - its - ours) / (wall * cores())
    return load


def _agreement(contestant: Contestant, workload: Workload, server: Running, loads: dict[int, Load]) -> Agreement:
    """Compare an answer to every picture, and those given under load, which must be no other; the worst of these."""
    asked: dict[int, bytes] = {}
    for place, picture in enumerate(workload.pictures):
        status, asked[place] = server.post(picture)
        if status != 200:
            raise LoadError(f"picture {place}: {status} {asked[place][:200]!r}")
    given = [asked, *(load.answers for load in loads.values())]
    every = [
        compare(workload.expected, {place: contestant.read(body) for place, body in bodies.items()}) for bodies in given
    ]
    return min(every, key=lambda one: one.share)
