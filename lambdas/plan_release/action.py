"""What the function is asked for: a plan, whether the plan still stands, and for what, or a look around. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lambdas.plan_release.stage import StageInput
from workflow.contract.batch import BatchInput
from workflow.contract.challenge import ASK
from workflow.contract.document import read
from workflow.contract.execution import Execution
from workflow.contract.reading import ContractError
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.run_input import RunInput
from workflow.contract.serving import Serving


@dataclass(frozen=True)
class Planning:
    """Plan the release that this execution was started for."""

    execution: Execution
    given: ReleaseInput


@dataclass(frozen=True)
class Challenging:
    """Plan the challenge that a release has started: the version is checked anew, whatever that release's plan says.

    ``asked`` is what the execution was given, word for word.
    """

    execution: Execution
    release: ReleasePlan
    asked: Any

    @property
    def given(self) -> ReleaseInput:
        """The input of a release of the same version, served in the same way."""
        serving = dict(self.release.serving or {})
        ami = str((self.release.variant or {}).get("InferenceAmiVersion", ""))
        return read(
            ReleaseInput,
            {
                "model_package_arn": self.release.model_package_arn,
                "ask_before_production": serving.get("challenge_ends", ASK) == ASK,
                "started_by": self.release.started_by,
                "inference_ami": ami or RunInput.inference_ami,
                "serving": asdict(Serving.read(serving)),
            },
            "input",
        )


@dataclass(frozen=True)
class Withdrawing:
    """Plan to take away the challenger of a challenge that ended midway; ``stopped`` is its execution's ARN."""

    execution: Execution
    stopped: str


@dataclass(frozen=True)
class PlanningABatch:
    """Plan the batch that this execution of the Batch machine was started for."""

    execution: Execution
    given: BatchInput


@dataclass(frozen=True)
class PlanningAStage:
    """Plan how a stage comes up, for the execution of the Stage machine that a release has started.

    ``asked`` is what the execution was given, word for word.
    """

    execution: Execution
    given: StageInput
    asked: Any


@dataclass(frozen=True)
class Confirmation:
    """See whether the release may go on to production as it was planned."""

    plan: ReleasePlan


@dataclass(frozen=True)
class RollBack:
    """See whether production still is this release's to put back. Nobody is asked before production becomes well."""

    plan: ReleasePlan


@dataclass(frozen=True)
class Look:
    """See whether the accounts of the stages can be reached. No state asks for this: ``greenlight doctor`` does."""


LOOK = {"look": "accounts"}


Action = Planning | PlanningABatch | PlanningAStage | Challenging | Withdrawing | Confirmation | RollBack | Look


def read_action(event: Mapping[str, Any], defaults: Mapping[str, Any]) -> Action:
    """Read what a state passes on, an input over the stack's defaults.

    Raises ContractError where that asks for nothing, or for two things, and where a part of it is not whole.
    """
    if event == LOOK:
        return Look()
    match event:
        case {"confirm": _, "input": _} | {"roll_back": _, "input": _} | {"confirm": _, "roll_back": _}:
            raise ContractError("the event has two of an input, a plan to confirm and a plan to roll back")
        case {"confirm": plan}:
            return Confirmation(ReleasePlan.parse(plan))
        case {"roll_back": plan}:
            return RollBack(ReleasePlan.parse(plan))
        case {"challenge": True, "input": {"release": plan} as given, "execution": execution}:
            return Challenging(read(Execution, execution, "execution"), ReleasePlan.parse(plan), asked=given)
        case {"challenge": True, "input": {"withdraw": str(stopped)}, "execution": execution}:
            return Withdrawing(read(Execution, execution, "execution"), stopped)
        case {"challenge": _}:
            raise ContractError(
                "a challenge is a part of a release: start the release machine with serve set to ab or shadow"
            )
        case {"input": given, "execution": execution, "machine": "batch"}:
            return PlanningABatch(read(Execution, execution, "execution"), BatchInput.parse(given))
        case {"input": given, "execution": execution, "machine": "stage"}:
            return PlanningAStage(
                read(Execution, execution, "execution"), read(StageInput, given, "input"), asked=given
            )
        case {"input": given, "execution": execution}:
            return Planning(read(Execution, execution, "execution"), ReleaseInput.parse(given, defaults))
        case _:
            raise ContractError("the event has no input with its execution, and no plan to confirm or to roll back")
