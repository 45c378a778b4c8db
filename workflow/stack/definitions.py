"""The definitions that are deployed: the machines as they were rendered, and fitted out for a network and for a key.

What a request may only name where the stack has it cannot be a path that is sometimes empty, so each machine lies there
four times, Stage as often again for stages in other accounts, and the template names the one that its parameters ask
for. Knows no AWS.
"""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import Any

from workflow.errors import GreenlightError
from workflow.stack.several_accounts import of_stage, spread

MACHINES = ("build", "release", "stage", "challenge", "batch", "drift")

KEY = "${KeyArn}"

IN_VPC = {
    "createProcessingJob": ("NetworkConfig",),
    "createTrainingJob": (),
    "createHyperParameterTuningJob": ("TrainingJobDefinition",),
    "createModel": (),
}
"""What runs in the network, and where in its request VpcConfig stands."""

WITHOUT_NETWORK = "Create the serverless model"
"""The state whose model cannot: a function refuses it where the stack has a network, so that it is never reached."""

UNDER_KEY = {
    "createProcessingJob": ("ProcessingOutputConfig",),
    "createTrainingJob": ("OutputDataConfig",),
    "createHyperParameterTuningJob": ("TrainingJobDefinition", "OutputDataConfig"),
    "createEndpointConfig": (),
    "createTransformJob": ("TransformOutput",),
}
"""What is kept under the key, and where in its request KmsKeyId stands. The volumes of jobs are the plan's to say."""


def render_definitions(root: Path) -> dict[str, bytes]:
    """Every definition by the name of its file. Raises GreenlightError when one was not rendered."""
    found: dict[str, bytes] = {}
    for path in find_definitions(root):
        machine = json.loads(path.read_text(encoding="utf-8"))
        name = path.name.removesuffix(".asl.json")
        for accounts, vpc, key in itertools.product((False, True), repeat=3):
            if accounts and name != "stage":
                continue
            suffix = "".join(part for part, on in (("-accounts", accounts), ("-vpc", vpc), ("-key", key)) if on)
            fitted = fit_out(machine, vpc=vpc, key=key, accounts=accounts)
            found[f"{name}{suffix}.asl.json"] = json.dumps(fitted, indent=2).encode() + b"\n"
    return found


def find_definitions(root: Path) -> list[Path]:
    """The rendered definitions. Raises GreenlightError when one is missing."""
    paths = [root / "workflow" / "machines" / f"{machine}.asl.json" for machine in MACHINES]
    for path in paths:
        if not path.is_file():
            raise GreenlightError(f"{path} is missing: render it with 'python -m workflow.machines.render'")
    return paths


def vpc_of(*, accounts: bool = False) -> dict[str, str]:
    """The VpcConfig of the stack; with ``accounts`` that of a stage in an account of its own."""
    named = {key: of_stage(key) if accounts else f"'${{{key}}}'" for key in ("SubnetIds", "SecurityGroupIds")}
    return {
        "Subnets.$": f"States.StringSplit({named['SubnetIds']}, ',')",
        "SecurityGroupIds.$": f"States.StringSplit({named['SecurityGroupIds']}, ',')",
    }


def fit_out(machine: dict[str, Any], *, vpc: bool, key: bool, accounts: bool = False) -> dict[str, Any]:
    """The machine with the stack's network and the stack's key in every request that takes one.

    With ``accounts`` each stage is in an account of its own, with a network and a key of its own.
    """
    fitted = spread(machine) if accounts else copy.deepcopy(machine)
    under = {"KmsKeyId.$": of_stage("KeyArn")} if accounts else {"KmsKeyId": KEY}
    for name, state in fitted.get("States", {}).items():
        operation = str(state.get("Resource", "")).rpartition(":")[2].removesuffix(".sync")
        if vpc and operation in IN_VPC and name != WITHOUT_NETWORK:
            _descend(state["Parameters"], IN_VPC[operation])["VpcConfig"] = vpc_of(accounts=accounts)
        if key and operation in UNDER_KEY:
            _descend(state["Parameters"], UNDER_KEY[operation]).update(under)
    return fitted


def _descend(parameters: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        parameters = parameters[name]
    return parameters
