"""``python -m tests.bench.serving``: the serving benchmark, or the part of it that is asked for."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from tests.bench.serving.contestants import contestants
from tests.bench.serving.measure import LIMITS, SECONDS, Plan, measure
from tests.bench.serving.processes import cores
from tests.bench.serving.table import WIDTH, show, write
from tests.bench.serving.workload import make_workload


def main() -> int:
    """Measure and print."""
    every = {one.name: one for one in contestants(cores())}
    limits = {f"{kind}-{precision}": (kind, precision) for kind, precision in LIMITS}
    parser = argparse.ArgumentParser(prog="python -m tests.bench.serving", description=__doc__)
    names = ", ".join([*limits, *every])
    parser.add_argument("--only", default="", help=f"names, or beginnings of names, with commas between: {names}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of every point (default {SECONDS:g})")
    parser.add_argument("--clients", default="1,4,16,64", help="connections of every point (default 1,4,16,64)")
    given = parser.parse_args()
    wanted = tuple(name for name in given.only.split(",") if name)

    def asked(name: str) -> bool:
        return not wanted or name.startswith(wanted)

    plan = Plan(
        [one for name, one in every.items() if asked(name)],
        [limit for name, limit in limits.items() if asked(name)],
        tuple(int(number) for number in given.clients.split(",")),
        given.seconds,
    )
    if not plan.contestants and not plan.limits:
        parser.error(f"--only {given.only} names none of: {names}")
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    results = measure(plan, make_workload(), lambda line: console.print(line, style="dim", highlight=False))
    show(results, console)
    console.print(f"written to {write(results)}", style="dim")
    return 0


if __name__ == "__main__":
    sys.exit(main())
