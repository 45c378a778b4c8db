"""What Build keeps of the gate and registers with a version is what the contract names, key by key."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.contract.test_package_properties import REGISTERED
from workflow.contract.approval import DeliveredDecision
from workflow.contract.gate import PassedGate
from workflow.contract.package_properties import Origin, RegisteredFigures

MACHINES = Path(__file__).parents[3] / "workflow" / "machines"
STATES: dict[str, Any] = json.loads((MACHINES / "build.asl.json").read_text(encoding="utf-8"))["States"]


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


def test_the_registry_is_given_the_figures_in_the_layout_that_its_pages_read() -> None:
    """With the digest that they had when they were judged; a monitor compares with the same."""
    asked = STATES["Register the model"]["Parameters"]
    statistics = asked["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri.$"] == "$.gate.quality_uri"
    assert statistics["ContentDigest.$"] == "States.Format('sha256:{}', $.gate.quality_digest)"
    assert asked["DriftCheckBaselines"] == {"ModelQuality": {"Statistics": statistics}}
    assert (asked["Domain"], asked["Task.$"]) == ("COMPUTER_VISION", "$.gate.registry_task")
    assert asked["MetadataProperties"] == {"GeneratedBy.$": "$$.Execution.Id", "ProjectId": "${Project}"}


def test_the_machine_keeps_everything_that_a_passed_gate_hands_on() -> None:
    """Under the same names."""
    kept = STATES["Gate on metrics"]["ResultSelector"]
    assert kept == {f"{name}.$": f"$.Payload.{name}" for name in names(PassedGate)}


@pytest.mark.parametrize(
    ("machine", "at", "part"),
    [
        ("build", "gate", PassedGate),
        ("build", "approval", DeliveredDecision),
        ("release", "approval", DeliveredDecision),
    ],
)
def test_what_a_machine_reads_of_a_document_is_in_it(machine: str, at: str, part: type) -> None:
    """Every path below it, in whatever state, goes on with a field of the contract's."""
    text = (MACHINES / f"{machine}.asl.json").read_text(encoding="utf-8")
    read = set(re.findall(rf"\$\.{at}\.(\w+)", text))
    assert read
    assert read <= set(names(part))


def test_the_registry_keeps_who_decided_and_why() -> None:
    """With the version itself, whichever way it went."""
    marking = [state["Parameters"] for state in STATES.values() if "updateModelPackage" in state.get("Resource", "")]
    assert {one["ModelApprovalStatus"] for one in marking} == {"Approved", "Rejected"}
    for one in marking:
        assert {"$.approval.by", "$.approval.comment"} <= set(re.findall(r"\$[.\w]+", one["ApprovalDescription.$"]))
