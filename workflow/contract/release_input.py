"""The execution input of Release: a model package, and what else a person or a build says of its release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

from workflow.contract.document import Matching, PackageArn, read, render
from workflow.contract.execution import own_keys
from workflow.contract.names import PACKAGE_ARN
from workflow.contract.policy import Loosened
from workflow.contract.reading import mapping
from workflow.contract.rule import InputError, among
from workflow.contract.run_input import INFERENCE_AMI, INFERENCE_AMI_WORDS, RunInput
from workflow.contract.serving import SERVING_RULES, Serving
from workflow.contract.starter import StartedBy

FROM_THE_STACK = ("ask_before_production", "started_by", "inference_ami")
"""Keys that Build's input has as well: where the input leaves them out, the stack's defaults hold."""


@dataclass(frozen=True)
class ReleaseInput:
    """What a release is started with.

    ``judged_against`` is the package that a build compared with this one: empty where production served none, None
    where nobody compared, as for a version that a person brings back. ``serving`` are the keys that say how it is
    served; those it leaves out are as they are kept with the version.
    """

    model_package_arn: PackageArn
    judged_against: Annotated[str, Matching(f"|{PACKAGE_ARN}", "empty, or the ARN of a model package")] | None = None
    ask_before_production: bool = RunInput.ask_before_production
    started_by: StartedBy = ""
    inference_ami: Annotated[str, Matching(INFERENCE_AMI, INFERENCE_AMI_WORDS)] = RunInput.inference_ami
    serving: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def parse(given: object, defaults: Mapping[str, Any]) -> ReleaseInput:
        """Read an execution input over the stack's defaults. Raises ContractError naming the key and what is allowed.

        Keys that are Step Functions' own are left out.
        """
        own = own_keys(mapping(given, "input"))
        serving = {key: value for key, value in own.items() if key in SERVING_RULES}
        others = {key: value for key, value in own.items() if key not in SERVING_RULES}
        known = sorted({field.name for field in fields(ReleaseInput)} - {"serving"} | SERVING_RULES.keys())
        for key in others:
            if key not in known:
                raise InputError(f"input.{key}: unknown key{among(key, known)}")
        Serving.read(serving)
        preset = {key: defaults[key] for key in FROM_THE_STACK if key in defaults}
        return read(ReleaseInput, {**preset, **others, "serving": serving}, "input")

    def loosened(self, defaults: Mapping[str, Any]) -> tuple[Loosened, ...]:
        """Where this input asks nobody before production, and the stack demands it."""
        if defaults.get("ask_before_production") is True and not self.ask_before_production:
            return (Loosened("ask_before_production", True, False),)
        return ()

    def document(self) -> dict[str, Any]:
        """The input as JSON; what is as it would be anyhow is left out."""
        return {key: value for key, value in render(self).items() if key != "serving"} | dict(self.serving)
