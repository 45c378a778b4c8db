"""Whether the copies of inference components fit on an endpoint's instances, and how many of those it takes. Pure.

What an instance type has follows from its name: processors by its size, memory by its family ("Amazon SageMaker AI
pricing" lists both). How much of it SageMaker keeps for itself is not documented and not imitated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_MB = 1024
_GB_OF_A_PROCESSOR = {"c": 2.0, "m": 4.0, "r": 8.0, "t": 4.0, "g": 4.0, "gr": 8.0, "p": 8.0, "inf": 4.0}
_GPUS_BY_SIZE = {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8}


@dataclass(frozen=True)
class Share:
    """Processors, memory in MB, and GPUs: of an instance, or what one copy takes."""

    cpus: float
    memory_mb: float
    gpus: float = 0.0

    def __sub__(self, other: Share) -> Share:
        return Share(self.cpus - other.cpus, self.memory_mb - other.memory_mb, self.gpus - other.gpus)

    def holds(self, other: Share) -> bool:
        """Whether the other fits."""
        return self.cpus >= other.cpus and self.memory_mb >= other.memory_mb and self.gpus >= other.gpus

    @staticmethod
    def of(requirements: Mapping[str, Any]) -> Share:
        """What a copy's ComputeResourceRequirements ask for."""
        return Share(
            float(requirements.get("NumberOfCpuCoresRequired", 0.0)),
            float(requirements["MinMemoryRequiredInMb"]),
            float(requirements.get("NumberOfAcceleratorDevicesRequired", 0.0)),
        )


def share_of(instance: str) -> Share:
    """What an instance of a type has."""
    found = re.fullmatch(r"ml\.([a-z]+)\d\w*\.(?:(\d+)xlarge|xlarge|large|medium)", instance)
    if found is None:
        return Share(4, 16 * _MB)
    family, size = found.group(1), instance.rpartition(".")[2]
    cpus = 4 * int(found.group(2)) if found.group(2) else {"xlarge": 4, "large": 2}.get(size, 1)
    memory = cpus * _GB_OF_A_PROCESSOR.get(family, 4.0) * _MB
    return Share(cpus, memory, _GPUS_BY_SIZE.get(size, 1) if family in ("g", "gr", "p") else 0)


def instances_needed(instance: str, copies: Iterable[Share], most: int) -> int | None:
    """How many instances hold these copies, the largest placed first; None where ``most`` are not enough."""
    whole, left = share_of(instance), list[Share]()
    for copy in sorted(copies, key=lambda one: (one.gpus, one.memory_mb, one.cpus), reverse=True):
        for at, room in enumerate(left):
            if room.holds(copy):
                left[at] = room - copy
                break
        else:
            if len(left) == most or not whole.holds(copy):
                return None
            left.append(whole - copy)
    return len(left)
