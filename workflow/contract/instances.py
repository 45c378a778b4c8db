"""Which instances take spot capacity."""

from __future__ import annotations

import re

from workflow.contract.run_input import RunInput

GPU_INSTANCE = r"ml\.[gp]\d.*"
"""Instance families with a GPU that PyTorch trains on: ``ml.g5.…``, ``ml.p4d.…``."""


def takes_spot(given: RunInput, instance: str) -> bool:
    """Whether a training on this instance takes spot capacity: asked for, and only where a GPU makes it worth it."""
    return given.spot and re.fullmatch(GPU_INSTANCE, instance) is not None
