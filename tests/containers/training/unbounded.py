"""Run by the training image's Python: a training whose losses may be weighed as in no run, until they overflow."""

# mypy: ignore-missing-imports

from __future__ import annotations

import os
import sys

from containers.training import __main__ as program
from workflow.contract import hyperparameters


def lift_bounds() -> None:
    """Take any amount that is a number."""
    hyperparameters.BOUNDS = {**hyperparameters.BOUNDS, "amount": (0, 10**40)}


if __name__ == "__main__":
    lift_bounds()
    sys.exit(program.main(["train"], os.environ))
