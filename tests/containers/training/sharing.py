"""Run by the training image's Python: the training job of a machine with two GPUs, on one that has none."""

# mypy: ignore-missing-imports

from __future__ import annotations

import functools
import os
import sys

from containers.training import __main__ as program
from containers.training import ranks, train
from tests.containers.training.cpu_rank import PROCESSES
from tests.containers.training.unbounded import lift_bounds

if __name__ == "__main__":
    lift_bounds()  # of a loss's weight, so that a test can make it overflow
    train.gpus = lambda: PROCESSES
    ranks.fit_together = functools.partial(ranks.fit_together, program="tests.containers.training.cpu_rank")
    sys.exit(program.main(["train"], os.environ))
