"""What has to be done next until a component of a shared endpoint serves the wanted model. Pure.

The function is asked again and again, and looks each time: another project may have made the endpoint meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_LOOKS = 240
"""Looks before the release gives up: one hour, at the machine's pace."""


class Step(StrEnum):
    """What is next."""

    MAKE_ENDPOINT = "make the endpoint"
    CREATE = "create the component"
    UPDATE = "update the component"
    WAIT = "wait"
    READY = "ready"


class NotServedError(ValueError):
    """The component will not serve the wanted model by waiting: says why."""


@dataclass(frozen=True)
class Component:
    """A component that exists: the endpoint it is on, its status, the model and how many copies of it."""

    name: str
    endpoint: str
    status: str
    model: str
    copies: int
    reason: str = ""

    @staticmethod
    def of(described: Mapping[str, Any]) -> Component:
        """Read DescribeInferenceComponent's answer."""
        return Component(
            described["InferenceComponentName"],
            described["EndpointName"],
            described["InferenceComponentStatus"],
            described.get("Specification", {}).get("ModelName", ""),
            described.get("RuntimeConfig", {}).get("DesiredCopyCount", 0),
            described.get("FailureReason", ""),
        )


@dataclass(frozen=True)
class SoFar:
    """What the looks before this one have seen: how many they were, and whether a change has begun."""

    looks: int
    begun: bool


def choose(endpoint: str, endpoint_status: str, component: Component | None, wanted: str, so_far: SoFar) -> Step:
    """The next step; ``endpoint_status`` is empty where there is no endpoint. Raises NotServedError.

    An update that failed leaves the component in service on the old model, so its status alone proves nothing.
    """
    if so_far.looks >= MOST_LOOKS:
        raise NotServedError(f"{endpoint} does not serve {wanted} after {so_far.looks} looks")
    if not endpoint_status:
        return Step.MAKE_ENDPOINT
    if endpoint_status in ("Failed", "OutOfService", "UpdateRollbackFailed"):
        raise NotServedError(
            f"the shared endpoint {endpoint} is {endpoint_status}: delete it once nothing serves there"
        )
    if component is not None and component.endpoint != endpoint:
        raise NotServedError(
            f"the component {component.name} is on {component.endpoint}, not {endpoint}: delete it there"
        )
    if component is not None and component.status == "Failed":
        raise NotServedError(f"the component {component.name} is Failed: {component.reason}")
    if endpoint_status != "InService" or (component is not None and component.status != "InService"):
        return Step.WAIT
    if component is None:
        if so_far.begun:
            raise NotServedError(f"the component on {endpoint} is gone: somebody deleted it")
        return Step.CREATE
    if component.model == wanted:
        return Step.READY
    if so_far.begun:
        raise NotServedError(
            f"the component {component.name} serves {component.model} and not {wanted}"
            + (f": {component.reason}" if component.reason else "")
        )
    return Step.UPDATE
