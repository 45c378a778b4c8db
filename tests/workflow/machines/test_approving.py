"""What Build keeps of the gate and registers with a version is what the contract names, key by key."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from tests.workflow.contract.test_package_properties import REGISTERED
from workflow.contract.gate import PassedGate
from workflow.contract.package_properties import Origin, RegisteredFigures

MACHINE = Path(__file__).parents[3] / "workflow" / "machines" / "build.asl.json"
STATES: dict[str, Any] = json.loads(MACHINE.read_text(encoding="utf-8"))["States"]


def names(part: type) -> list[str]:
    """The fields of a dataclass."""
    return [field.name for field in fields(part)]


def test_the_machine_registers_every_property_of_the_contract_and_no_other() -> None:
    """In its order, under the names that versions have always been registered with."""
    registered = STATES["Register the model"]["Parameters"]["CustomerMetadataProperties"]
    assert [name.removesuffix(".$") for name in registered] == names(Origin) + names(RegisteredFigures)
    assert set(names(Origin) + names(RegisteredFigures)) == set(REGISTERED)
    for name in names(RegisteredFigures):
        assert registered[f"{name}.$"] == f"$.gate.properties.{name}"


def test_the_machine_keeps_everything_that_a_passed_gate_hands_on() -> None:
    """Under the same names."""
    kept = STATES["Gate on metrics"]["ResultSelector"]
    assert kept == {f"{name}.$": f"$.Payload.{name}" for name in names(PassedGate)}


def test_what_the_machine_reads_of_the_gate_is_there() -> None:
    """Every path below ``$.gate`` in any state begins with a field of the contract's."""
    paths = [path for state in STATES.values() for path in read_of_gate(state.get("Parameters", {}))]
    assert len(paths) > len(names(RegisteredFigures))
    assert {path.split(".")[0] for path in paths} <= set(names(PassedGate))


def read_of_gate(value: Any) -> list[str]:
    """The paths below ``$.gate`` that parameters name."""
    if isinstance(value, dict):
        return [path for item in value.values() for path in read_of_gate(item)]
    if isinstance(value, list):
        return [path for item in value for path in read_of_gate(item)]
    words = value.replace(",", " ").replace(")", " ").split() if isinstance(value, str) else []
    return [word.removeprefix("$.gate.") for word in words if word.startswith("$.gate.")]
