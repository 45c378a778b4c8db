"""How traffic moves from the old containers of an endpoint to the new ones, worked out from its DeploymentConfig.

Pure: it only says which share of the requests the new containers get, for how long, and which alarms stop it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from infra.local.sagemaker.errors import invalid, lacking
from infra.local.sagemaker.store import Record


@dataclass(frozen=True)
class Shift:
    """A share of the traffic on the new containers, held for some seconds."""

    share: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """The shifts before everything is on the new containers, and what is watched meanwhile."""

    shifts: list[Shift] = field(default_factory=list)
    keep_old_seconds: float = 0.0
    alarms: list[str] = field(default_factory=list)


def plan(config: Record | None, instance_count: int) -> Plan:
    """The plan of a ``DeploymentConfig``; without one everything moves at once.

    Raises ServiceError for a step that is more than half of the instances.
    """
    if not config:
        return Plan()
    if "RollingUpdatePolicy" in config:
        raise lacking("rolling updates")
    policy = config.get("BlueGreenUpdatePolicy", {})
    alarms = [alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    return Plan(
        _shifts(policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"}), instance_count),
        float(policy.get("TerminationWaitInSeconds", 0)),
        alarms,
    )


def _shifts(routing: Record, instance_count: int) -> list[Shift]:
    wait = float(routing.get("WaitIntervalInSeconds", 0))
    match routing["Type"]:
        case "CANARY":
            return [Shift(_share(routing["CanarySize"], instance_count), wait)]
        case "LINEAR":
            step = _share(routing["LinearStepSize"], instance_count)
            return [Shift(step * number, wait) for number in range(1, math.ceil(1 / step))]
    return []


def _share(size: Record, instance_count: int) -> float:
    whole = 100 if size["Type"] == "CAPACITY_PERCENT" else max(1, instance_count)
    if size["Value"] * 2 > whole:
        raise invalid(
            f"The value {size['Value']} of {size['Type']} must be less than or equal to 50% of the variant's total "
            f"instance count, which is {instance_count}."
        )
    return float(size["Value"]) / whole
