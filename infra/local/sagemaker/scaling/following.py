"""Follows the load of the fleets that are targets: every minute it looks, and changes how many instances one has.

Target tracking as Application Auto Scaling documents it: what is above its target in three minutes of one has the fleet
grow to what would bring it there, what is below nine tenths of it in fifteen has it shrink so; between two changes lies
the cool-down. A minute is as long as the stand-in's waits are scaled to.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.scaling.targets import TARGET, Targets, named
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

MINUTE = 60.0
OUT_DATAPOINTS, IN_DATAPOINTS = 3, 15
_SHORTEST_MINUTE_SECONDS = 0.2


class Following:
    """One look at every target after the other, for as long as there are any."""

    def __init__(
        self, workshop: Workshop, endpoints: Endpoints, targets: Targets, alarms: Callable[[str], bool]
    ) -> None:
        """``alarms`` says whether an alarm takes the step of a policy, by its ARN."""
        self._workshop = workshop
        self._endpoints = endpoints
        self._targets = targets
        self._alarms = alarms
        self._above: dict[str, int] = {}
        self._below: dict[str, int] = {}
        self._changed: dict[str, float] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _minute(self) -> float:
        return max(_SHORTEST_MINUTE_SECONDS, MINUTE * self._workshop.settings.wait_scale)

    def begin(self) -> None:
        """Look from now on; once is enough."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="scaling", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(self._minute):
            for target in self._workshop.store.every(TARGET):
                try:
                    self._look(target)
                except ServiceError:
                    # Its endpoint is being updated, or gone: while it is, no fleet is followed.
                    continue

    def _look(self, target: Record) -> None:
        endpoint, variant = named(target)
        instances = self._endpoints.instances_of(endpoint, variant)
        for policy in self._targets.policies(target["ResourceId"]):
            if policy["PolicyType"] == "StepScaling":
                wanted = self._step(policy, endpoint, instances)
            else:
                wanted = self._tracked(policy, endpoint, variant, instances)
            self._change(target, endpoint, variant, instances, wanted)
        self._change(target, endpoint, variant, instances, instances)

    def _change(self, target: Record, endpoint: str, variant: str, instances: int, wanted: int) -> None:
        within = max(target["MinCapacity"], min(target["MaxCapacity"], wanted))
        suspended = target["SuspendedState"]
        kept = "DynamicScalingOutSuspended" if within > instances else "DynamicScalingInSuspended"
        if within != instances and not suspended[kept]:
            self._changed[target["ResourceId"]] = time.monotonic()
            self._endpoints.scale(endpoint, variant, within)

    def _tracked(self, policy: Record, endpoint: str, variant: str, instances: int) -> int:
        told = policy["TargetTrackingScalingPolicyConfiguration"]
        goal, key = told["TargetValue"], f"{policy['ResourceId']} {policy['PolicyName']}"
        load = self._load(told, endpoint, variant, instances)
        if load is None or not instances:
            return instances
        self._above[key] = self._above.get(key, 0) + 1 if load > goal else 0
        self._below[key] = self._below.get(key, 0) + 1 if load < 0.9 * goal else 0
        wanted = max(1, math.ceil(instances * load / goal)) if load else 0
        if self._above[key] >= OUT_DATAPOINTS and self._cool(policy, told.get("ScaleOutCooldown", 300)):
            self._above[key] = 0
            return wanted
        shrinks = not told.get("DisableScaleIn", False) and self._below[key] >= IN_DATAPOINTS
        if shrinks and self._cool(policy, told.get("ScaleInCooldown", 300)):
            self._below[key] = 0
            return min(wanted, instances)
        return instances

    def _load(self, told: Record, endpoint: str, variant: str, instances: int) -> float | None:
        if "CustomizedMetricSpecification" in told:
            name = told["CustomizedMetricSpecification"].get("MetricName")
            backlog = self._endpoints.backlog(endpoint)
            return backlog / instances if name == "ApproximateBacklogSizePerInstance" and instances else None
        seen = self._endpoints.traffic.observations.since(endpoint, variant, time.time() - self._minute)
        if told["PredefinedMetricSpecification"]["PredefinedMetricType"] == "SageMakerVariantInvocationsPerInstance":
            return len(seen) / max(1, instances)
        # As many at one time, on average, as their seconds fill the minute (Little's law).
        return sum(one.seconds for one in seen) / self._minute / max(1, instances)

    def _step(self, policy: Record, endpoint: str, instances: int) -> int:
        waits = not instances and self._endpoints.backlog(endpoint) > 0
        steps = policy["StepScalingPolicyConfiguration"]["StepAdjustments"]
        return (
            instances + int(steps[0]["ScalingAdjustment"]) if waits and self._alarms(policy["PolicyARN"]) else instances
        )

    def _cool(self, policy: Record, seconds: float) -> bool:
        last = self._changed.get(policy["ResourceId"])
        return last is None or time.monotonic() - last >= seconds * self._workshop.settings.wait_scale


def step_is_taken(describe_alarms: Callable[..., Any], policy_arn: str) -> bool:
    """Whether an alarm has this policy as its action."""
    return any(policy_arn in alarm.get("AlarmActions", []) for alarm in describe_alarms()["MetricAlarms"])
