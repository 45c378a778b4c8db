"""What the Release machine asks of the function: a plan, or whether the plan still stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import read
from workflow.contract.execution import Execution
from workflow.contract.reading import ContractError
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import ReleasePlan


@dataclass(frozen=True)
class Planning:
    """Plan the release that this execution was started for."""

    execution: Execution
    given: ReleaseInput


@dataclass(frozen=True)
class Confirmation:
    """See whether the release may go on as it was planned."""

    plan: ReleasePlan


def read_action(event: Mapping[str, Any], defaults: Mapping[str, Any]) -> Planning | Confirmation:
    """Read what a state passes on, an input over the stack's defaults.

    Raises ContractError where that asks for neither, or for both, and where a part of it is not whole.
    """
    match event:
        case {"confirm": _, "input": _}:
            raise ContractError("the event has both an input and a plan to confirm")
        case {"confirm": plan}:
            return Confirmation(ReleasePlan.parse(plan))
        case {"input": given, "execution": execution}:
            return Planning(read(Execution, execution, "execution"), ReleaseInput.parse(given, defaults))
        case _:
            raise ContractError("the event has no input with its execution, and no plan to confirm")
