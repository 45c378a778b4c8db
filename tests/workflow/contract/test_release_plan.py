"""The plan of a release, as the machine's states pass it on."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.workflow.contract.released import PLAN
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import ReleasePlan

SIGNED = {"evaluation_digest", "approval", "smoke_digest", "report_digest"}
RELEASE = Path(__file__).parents[3] / "workflow" / "machines" / "release.asl.json"


def test_a_plan_is_written_as_it_was_read() -> None:
    """Key by key, in the same order."""
    assert json.dumps(ReleasePlan.parse(PLAN).document()) == json.dumps(PLAN)


def test_a_plan_from_before_the_confirmation_counted_instances_is_read() -> None:
    """An execution that waits for a person keeps the plan it was started with; what that said of traffic is old."""
    counted = {**PLAN, "count": 2, "traffic": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}}
    assert ReleasePlan.parse(counted) == ReleasePlan.parse(PLAN)


def test_the_machine_reads_of_a_plan_only_what_it_has() -> None:
    """A path that leads nowhere would stop a release half-way."""
    read = set(re.findall(r"\$\.plan\.(\w+)", RELEASE.read_text()))
    assert {"production_configuration", "model_digest"} <= read
    assert read <= {field.name for field in fields(ReleasePlan)}


def test_a_plan_from_before_decisions_were_signed_is_read() -> None:
    """The function behind the release refuses it in words of its own."""
    old = {key: value for key, value in PLAN.items() if key not in SIGNED}
    assert ReleasePlan.parse(old).approval is None


@pytest.mark.parametrize("missing", sorted(set(PLAN) - SIGNED))
def test_a_plan_with_a_gap_is_no_plan(missing: str) -> None:
    """One of another version of the functions neither."""
    with pytest.raises(ContractError, match=missing):
        ReleasePlan.parse({key: value for key, value in PLAN.items() if key != missing})
