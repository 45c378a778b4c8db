"""On which instances a training is tried, and which of them take spot capacity."""

from __future__ import annotations

from workflow.contract.instance_type import has_gpu
from workflow.contract.run_input import RunInput


def takes_spot(given: RunInput, instance: str) -> bool:
    """Whether a training on this instance takes spot capacity: asked for, and only where a GPU makes it worth it."""
    return given.spot and has_gpu(instance)


def tried_instances(given: RunInput) -> tuple[tuple[str, bool], ...]:
    """The instance types that a training is tried on, in this order, each with whether on spot capacity.

    The last is on demand: a single instance that would be tried on spot capacity alone is tried once more without it.
    """
    types = [given.training_instance, *given.fallback_instances]
    if len(types) == 1 and takes_spot(given, types[0]):
        types *= 2
    *earlier, last = types
    return (*((one, takes_spot(given, one)) for one in earlier), (last, False))
