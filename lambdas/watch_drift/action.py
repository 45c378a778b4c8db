"""What the function is asked for: a plan, what a watch has found, or the build that follows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import read
from workflow.contract.drift import DriftInput, DriftPlan
from workflow.contract.execution import Execution
from workflow.contract.reading import ContractError


@dataclass(frozen=True)
class Planning:
    """Plan the watch that this execution was started for."""

    execution: Execution
    given: DriftInput


@dataclass(frozen=True)
class Concluding:
    """Read what the job of a plan has found."""

    plan: DriftPlan


@dataclass(frozen=True)
class Building:
    """Start the build that a drift has as its consequence."""

    plan: DriftPlan


Action = Planning | Concluding | Building


def read_action(event: Mapping[str, Any]) -> Action:
    """The action that an event asks for. Raises ContractError for anything else."""
    match event:
        case {"input": given, "execution": execution}:
            return Planning(read(Execution, execution, "event.execution"), DriftInput.parse(given))
        case {"plan": plan, "wanted": "found"}:
            return Concluding(DriftPlan.parse(plan))
        case {"plan": plan, "wanted": "build"}:
            return Building(DriftPlan.parse(plan))
    raise ContractError('event: must hold an execution with its input, or a plan and "wanted": "found" or "build"')
