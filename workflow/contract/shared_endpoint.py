"""What production is where several projects share one endpoint: an inference component there, of a size of its own.

The endpoint is the stack's to name (``SharedEndpoint``): its roles hold rights on that name alone, so no input can
point a release at another. The component is the project's, and serves the model that a release pinned to approved
bytes. A multi-model endpoint would load whatever lies below a prefix when somebody asks for it, and the containers of
a multi-container endpoint change all together, with one configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.deployment import BAKE_SECONDS, LONGEST_SECONDS, alarm_names
from workflow.contract.rule import Number, Whole, key

SHARED = "shared"
ALARMS = ("errors", "latency")
"""Those of a release's alarms that see a component; they name it, as its old and its new copies are told apart by
nothing in CloudWatch (SageMaker's guide, "Amazon SageMaker AI metrics in Amazon CloudWatch")."""


@dataclass(frozen=True)
class SharedInput:
    """What production takes of an endpoint that it shares with other projects."""

    shared_cpus: float = key(Number("processors of each copy on a shared endpoint", 0.25, 192), 1.0)
    shared_memory_mb: int = key(Whole("MB of memory of each copy on a shared endpoint", 128, 2_000_000), 2048)
    shared_gpus: int = key(Whole("GPUs of each copy on a shared endpoint", 0, 16), 0)
    shared_copies: int = key(
        Whole(
            "copies on a shared endpoint where production has none there yet, and else it keeps what it has; "
            "alarms watch a release of two or more",
            1,
            100,
        ),
        2,
    )


def component_name(project: str) -> str:
    """The name of a project's production on a shared endpoint."""
    return f"{project}-production"


def requirements(serving: Mapping[str, Any]) -> dict[str, Any]:
    """A copy's ComputeResourceRequirements, from the keys that say how a version is served."""
    gpus = int(serving["shared_gpus"])
    return {
        "NumberOfCpuCoresRequired": serving["shared_cpus"],
        "MinMemoryRequiredInMb": serving["shared_memory_mb"],
        **({"NumberOfAcceleratorDevicesRequired": gpus} if gpus else {}),
    }


def rolling(configuration: str, copies: int, *, back: bool) -> dict[str, Any]:
    """UpdateInferenceComponent's DeploymentConfig for so many copies; empty for fewer than two.

    A batch is 50 % of the copies at most (InferenceComponentRollingUpdatePolicy), so a single copy has none: SageMaker
    replaces it as it does without a policy, and no alarm ends that. The way ``back`` is refused by no alarm.
    """
    if copies < 2:
        return {}
    policy = {
        "MaximumBatchSize": {"Type": "COPY_COUNT", "Value": copies // 2},
        "WaitIntervalInSeconds": 0 if back else BAKE_SECONDS,
        "MaximumExecutionTimeoutInSeconds": LONGEST_SECONDS,
    }
    names = alarm_names(configuration)
    alarms = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": names[what]} for what in ALARMS]}}
    return {"RollingUpdatePolicy": policy, **({} if back else alarms)}
