"""Measures the limits and the contestants, one after the other, each alone on the machine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from infra.local.environments import REPOSITORY, InstallationError
from tests.bench.serving.agreement import Agreement, compare
from tests.bench.serving.contestants import Contestant, LeftOutError, Setting
from tests.bench.serving.echo_cost import client_microseconds
from tests.bench.serving.limits import Limit, LimitError, measure_limit
from tests.bench.serving.load import Load, LoadError, request, run_load
from tests.bench.serving.processes import busy_seconds, cores
from tests.bench.serving.program import ProgramError, Running, free_port, running
from tests.bench.serving.workload import Workload

SCRATCH = REPOSITORY / "build" / "bench"
SECONDS = 6.0
"""Of every point; with them the whole takes less than eight minutes."""
LIMITS = tuple((kind, precision) for precision in ("bf16", "f32", "int8") for kind in ("runtime", "loop"))
"""Kind and precision of every limit."""
TRIAL_CLIENTS = 16
"""Connections with which the better setting of a peer is found."""


@dataclass(frozen=True)
class Plan:
    """What to measure, how long each point takes, and the numbers of clients."""

    contestants: Sequence[Contestant]
    limits: Sequence[tuple[str, str]] = LIMITS
    clients: Sequence[int] = (1, 4, 16, 64)
    seconds: float = SECONDS
    warm_up: float = 1.5
    trial_seconds: float = 3.0


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
    trials: dict[str, float] = field(default_factory=dict)
    """Pictures a second of each setting that was tried."""

    @property
    def rate(self) -> float:
        """The highest rate of all numbers of clients."""
        return max((load.rate for load in self.loads.values()), default=0.0)

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
    for kind, precision in plan.limits:
        say(f"{kind}-{precision} …")
        log = SCRATCH / "logs" / f"{kind}-{precision}.log"
        try:
            limit = measure_limit(workload, kind, precision, processes=cores(), seconds=plan.seconds, log=log)
            results.limits[limit.name] = limit
        except LimitError as error:
            results.failures[f"{kind}-{precision}"] = str(error)
    for contestant in plan.contestants:
        say(f"{contestant.name} …")
        results.outcomes[contestant.name] = measure_contestant(contestant, plan, workload, say)
    return results


def measure_contestant(contestant: Contestant, plan: Plan, workload: Workload, say: Callable[[str], None]) -> Outcome:
    """Find the better setting, then measure with it."""
    outcome = Outcome(contestant)
    try:
        if len(contestant.settings) > 1:
            for setting in contestant.settings:
                outcome.trials[str(setting)] = _trial(contestant, setting, plan, workload)
            outcome.setting = max(contestant.settings, key=lambda setting: outcome.trials[str(setting)])
            tried = ", ".join(f"{name}: {rate:.1f}/s" for name, rate in outcome.trials.items())
            say(f"  {tried}")
        else:
            outcome.setting = contestant.settings[0]
        with _started(contestant, outcome.setting, workload) as server:
            outcome.ping_seconds, outcome.answer_seconds = server.ping_seconds, server.answer_seconds
            for clients in plan.clients:
                load = _load(server, workload, clients, plan.warm_up, plan.seconds)
                outcome.loads[clients] = load
                say(f"  {clients:>2} clients: {load.rate:.1f}/s, p50 {load.quantile_ms(0.5):.1f} ms")
            outcome.peak_bytes = server.peak_bytes
            outcome.agreement = _agreement(contestant, workload, server, outcome.loads)
    except (LeftOutError, ProgramError, LoadError, InstallationError) as error:
        outcome.left_out = str(error)
        say(f"  left out: {error}")
    return outcome


def _started(contestant: Contestant, setting: Setting, workload: Workload) -> AbstractContextManager[Running]:
    folder = SCRATCH / "run" / contestant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    launch = contestant.launch(workload, setting, port, folder)
    log = SCRATCH / "logs" / f"{contestant.name}.log"
    return running(launch, port, log, workload.pictures[0])


def _trial(contestant: Contestant, setting: Setting, plan: Plan, workload: Workload) -> float:
    with _started(contestant, setting, workload) as server:
        return _load(server, workload, TRIAL_CLIENTS, plan.warm_up / 2, plan.trial_seconds).rate


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
