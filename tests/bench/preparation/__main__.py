"""``python -m tests.bench.preparation``: the preparation benchmark, or the part of it that is asked for."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from tests.bench.preparation.contestants import contestants
from tests.bench.preparation.measure import measure
from tests.bench.preparation.table import WIDTH, show, write


def main() -> int:
    """Measure and print."""
    every = contestants()
    parser = argparse.ArgumentParser(prog="python -m tests.bench.preparation", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of images, with commas between")
    parser.add_argument("--only", default="", help=f"with commas between: {', '.join(one.name for one in every)}")
    given = parser.parse_args()
    chosen = [one for one in every if not given.only or one.name in given.only.split(",")]
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    results = measure(chosen, [int(size) for size in given.sizes.split(",")], lambda line: print(line, flush=True))
    show(results, console)
    console.print(f"written to {write(results)}", style="dim")
    return 0


if __name__ == "__main__":
    sys.exit(main())
