"""A fleet that follows its load, as the page of endpoints shows it: its floor, its ceiling, and how many it has now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.console.jobs import DENIED
from workflow.contract.autoscaling import DIMENSION, SERVICE, place
from workflow.errors import ServiceError


@dataclass(frozen=True)
class Fleet:
    """Instances of one variant: at the ``least`` and at the ``most``, ``now``, and as many as are ``wanted``."""

    least: int
    most: int
    now: int
    wanted: int

    def present(self) -> str:
        """How many there are, and how many there shall be where that is another number."""
        return f"{self.now} now" if self.wanted == self.now else f"{self.now} now, {self.wanted} wanted"


def find_fleets(cloud: Cloud, endpoint: str, served: Sequence[Mapping[str, Any]]) -> dict[str, Fleet]:
    """The fleets of an endpoint that follow their load, by their variants; ``served`` is as DescribeEndpoint says it.

    Empty where the caller may not see what Application Auto Scaling follows.
    """
    resources = {place(endpoint, str(one["VariantName"]))["ResourceId"]: one for one in served}
    if not resources:
        return {}
    try:
        answer = cloud.call(
            "application-autoscaling",
            "describe_scalable_targets",
            ServiceNamespace=SERVICE,
            ResourceIds=list(resources),
            ScalableDimension=DIMENSION,
        )
    except ServiceError as error:
        if DENIED in error.code:
            return {}
        raise
    return {
        str(resources[target["ResourceId"]]["VariantName"]): _fleet(target, resources[target["ResourceId"]])
        for target in answer["ScalableTargets"]
    }


def _fleet(target: Mapping[str, Any], variant: Mapping[str, Any]) -> Fleet:
    now = int(variant.get("CurrentInstanceCount", 0))
    wanted = int(variant.get("DesiredInstanceCount", now))
    return Fleet(int(target["MinCapacity"]), int(target["MaxCapacity"]), now, wanted)
