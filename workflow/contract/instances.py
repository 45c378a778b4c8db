"""On which instances a training is tried, and which of them take spot capacity."""

from __future__ import annotations

import re

from workflow.contract.run_input import RunInput

GPU_INSTANCE = r"ml\.[gp]\d.*"
"""Instance families with a GPU that PyTorch trains on: ``ml.g5.…``, ``ml.p4d.…``."""


def takes_spot(given: RunInput, instance: str) -> bool:
    """Whether a training on this instance takes spot capacity: asked for, and only where a GPU makes it worth it."""
    return given.spot and re.fullmatch(GPU_INSTANCE, instance) is not None


def tried_instances(given: RunInput) -> tuple[tuple[str, bool], ...]:
    """The instance types that a training is tried on, in this order, each with whether on spot capacity."""
    return tuple((one, takes_spot(given, one)) for one in (given.training_instance, *given.fallback_instances))
