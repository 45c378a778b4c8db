"""The definitions that are deployed: both machines as they were rendered, and fitted out for a network and for a key.

What a request may only name where the stack has it cannot be a path that is sometimes empty, so each machine lies there
four times, and the template names the one that its parameters ask for. Knows no AWS.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from workflow.errors import GreenlightError

MACHINES = ("build", "release")

VPC = {
    "Subnets.$": "States.StringSplit('${SubnetIds}', ',')",
    "SecurityGroupIds.$": "States.StringSplit('${SecurityGroupIds}', ',')",
}
KEY = "${KeyArn}"

IN_VPC = {
    "createProcessingJob": ("NetworkConfig",),
    "createTrainingJob": (),
    "createHyperParameterTuningJob": ("TrainingJobDefinition",),
    "createModel": (),
}
"""What runs in the network, and where in its request VpcConfig stands."""

UNDER_KEY = {
    "createProcessingJob": ("ProcessingOutputConfig",),
    "createTrainingJob": ("OutputDataConfig",),
    "createHyperParameterTuningJob": ("TrainingJobDefinition", "OutputDataConfig"),
    "createEndpointConfig": (),
}
"""What is kept under the key, and where in its request KmsKeyId stands. The volumes of jobs are the plan's to say."""


def render_definitions(root: Path) -> dict[str, bytes]:
    """Every definition by the name of its file. Raises GreenlightError when one was not rendered."""
    found: dict[str, bytes] = {}
    for path in find_definitions(root):
        machine = json.loads(path.read_text(encoding="utf-8"))
        name = path.name.removesuffix(".asl.json")
        for suffix, vpc, key in (
            ("", False, False),
            ("-vpc", True, False),
            ("-key", False, True),
            ("-vpc-key", True, True),
        ):
            found[f"{name}{suffix}.asl.json"] = (
                json.dumps(fit_out(machine, vpc=vpc, key=key), indent=2).encode() + b"\n"
            )
    return found


def find_definitions(root: Path) -> list[Path]:
    """The two rendered definitions. Raises GreenlightError when one is missing."""
    paths = [root / "workflow" / "machines" / f"{machine}.asl.json" for machine in MACHINES]
    for path in paths:
        if not path.is_file():
            raise GreenlightError(f"{path} is missing: render it with 'python -m workflow.machines.render'")
    return paths


def fit_out(machine: dict[str, Any], *, vpc: bool, key: bool) -> dict[str, Any]:
    """The machine with the stack's network and the stack's key in every request that takes one."""
    fitted = copy.deepcopy(machine)
    for state in fitted.get("States", {}).values():
        operation = str(state.get("Resource", "")).rpartition(":")[2].removesuffix(".sync")
        if vpc and operation in IN_VPC:
            _descend(state["Parameters"], IN_VPC[operation])["VpcConfig"] = VPC
        if key and operation in UNDER_KEY:
            _descend(state["Parameters"], UNDER_KEY[operation])["KmsKeyId"] = KEY
    return fitted


def _descend(parameters: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        parameters = parameters[name]
    return parameters
