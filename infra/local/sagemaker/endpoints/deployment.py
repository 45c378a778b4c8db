"""How traffic moves from the old containers of an endpoint to the new ones, worked out from its DeploymentConfig.

Pure: it only says which share of the requests the new containers get, for how long, and which alarms stop it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.store import Record

_SMALLEST_STEP = 0.1
_SMALLEST_BATCH, _LARGEST_BATCH = 0.05, 0.5


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
    longest_seconds: float = math.inf


def plan(config: Record | None, instance_count: int) -> Plan:
    """The plan of a ``DeploymentConfig``; without one everything moves at once.

    Raises ServiceError where a step is larger or smaller than AWS allows, or the waits are longer than all may take.
    """
    if not config:
        return Plan()
    policy = config.get("BlueGreenUpdatePolicy", {})
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    if not all("AlarmName" in alarm for alarm in alarms):
        raise invalid("Each of the Alarms of an AutoRollbackConfiguration must have an AlarmName.")
    shifts = _shifts(policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"}), instance_count)
    keep, longest = float(policy.get("TerminationWaitInSeconds", 0)), policy.get("MaximumExecutionTimeoutInSeconds")
    waits = sum(shift.seconds for shift in shifts) + keep
    if longest is not None and longest <= waits:
        raise invalid(
            f"MaximumExecutionTimeoutInSeconds is {longest}: it must be larger than the total waiting time specified "
            f"in TerminationWaitInSeconds and WaitIntervalInSeconds, which is {waits:g}."
        )
    return Plan(shifts, keep, [alarm["AlarmName"] for alarm in alarms], math.inf if longest is None else float(longest))


def rolling(config: Record | None, copies: int) -> Plan:
    """The plan of an inference component's ``DeploymentConfig`` for so many copies; without one all move at once.

    Raises ServiceError for a batch that is not 5 to 50 % of the copies (InferenceComponentRollingUpdatePolicy).
    """
    if not config:
        return Plan()
    policy = config["RollingUpdatePolicy"]
    size = policy["MaximumBatchSize"]
    share = size["Value"] / (100 if size["Type"] == "CAPACITY_PERCENT" else max(1, copies))
    if not _SMALLEST_BATCH <= share <= _LARGEST_BATCH:
        raise invalid(f"MaximumBatchSize must be between 5% to 50% of the copy count, which is {copies}.")
    wait = float(policy["WaitIntervalInSeconds"])
    shifts = [Shift(min(1.0, share * number), wait) for number in range(1, math.ceil(1 / share) + 1)]
    alarms = [alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    return Plan(shifts, 0.0, alarms, float(policy.get("MaximumExecutionTimeoutInSeconds", math.inf)))


def _shifts(routing: Record, instance_count: int) -> list[Shift]:
    wait = float(routing.get("WaitIntervalInSeconds", 0))
    match routing["Type"]:
        case "CANARY":
            return [Shift(_share(routing, "CanarySize", instance_count), wait)]
        case "LINEAR":
            step = _share(routing, "LinearStepSize", instance_count)
            if step < _SMALLEST_STEP:
                raise invalid("LinearStepSize must be 10-50% of the variant's total instance count.")
            return [Shift(step * number, wait) for number in range(1, math.ceil(1 / step))]
    return []


def _share(routing: Record, member: str, instance_count: int) -> float:
    if member not in routing:
        raise invalid(f"{member} must be specified for the type {routing['Type']}.")
    size = routing[member]
    whole = 100 if size["Type"] == "CAPACITY_PERCENT" else max(1, instance_count)
    if size["Value"] * 2 > whole:
        raise invalid(
            f"The value {size['Value']} of {size['Type']} must be less than or equal to 50% of the variant's total "
            f"instance count, which is {instance_count}."
        )
    return float(size["Value"]) / whole
