"""Run by the training image's Python: our training job, which says in the end how long its callbacks took.

A ratio of two trainings carries what else the machine does meanwhile; the share of one training's own time does not.
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from containers.training import __main__ as program
from containers.training.watch import Watch


def main() -> int:
    """Train as SageMaker would have it; the exit status."""
    spent = 0.0
    original = Watch.callbacks

    def timed(call: Callable[[Any], None]) -> Callable[[Any], None]:
        def measured(trainer: Any) -> None:
            nonlocal spent
            began = time.perf_counter()
            call(trainer)
            spent += time.perf_counter() - began

        return measured

    def callbacks(self: Watch) -> dict[str, Callable[[Any], None]]:
        return {event: timed(call) for event, call in original(self).items()}

    Watch.callbacks = callbacks  # type: ignore[method-assign]
    status = program.main(["train"], os.environ)
    print(f"callbacks took {spent}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
