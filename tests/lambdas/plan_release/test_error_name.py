"""The words by which the Release machine and this function know each other: what overtook it, and what is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lambdas.plan_release import handler as function
from lambdas.plan_release.action import Confirmation, RollBack, read_action
from tests.workflow.contract.released import PLAN
from workflow.contract.failures import (
    ENDPOINT_LEAVES_BY_FUNCTION,
    ENDPOINT_MOVES_BY_FUNCTION,
    RELEASE_OVERTAKEN_BY_FUNCTION,
)


def test_the_machine_knows_what_was_overtaken_by_the_name_of_the_exception() -> None:
    """Lambda reports an exception's class; under another name, an overtaken release would roll production back."""
    assert function.ReleaseOvertaken.__name__ == RELEASE_OVERTAKEN_BY_FUNCTION


def test_the_machine_plans_once_more_while_an_endpoint_leaves() -> None:
    """For longer than SageMaker takes to delete one; by the name of the exception, and for nothing else of the plan."""
    definition = Path(__file__).parents[3] / "workflow" / "machines" / "release.asl.json"
    states: dict[str, Any] = json.loads(definition.read_text(encoding="utf-8"))["States"]
    assert function.EndpointLeaves.__name__ == ENDPOINT_LEAVES_BY_FUNCTION
    (retry,) = [one for one in states["Plan the release"]["Retry"] if ENDPOINT_LEAVES_BY_FUNCTION in one["ErrorEquals"]]
    assert retry["ErrorEquals"] == [ENDPOINT_LEAVES_BY_FUNCTION]
    assert retry["IntervalSeconds"] / 2 * retry["MaxAttempts"] >= 600, "a wait is half as long as it may be"


def test_a_stage_is_planned_once_more_while_its_endpoint_moves() -> None:
    """For longer than an update may take; by the name of the exception."""
    definition = Path(__file__).parents[3] / "workflow" / "machines" / "stage.asl.json"
    states: dict[str, Any] = json.loads(definition.read_text(encoding="utf-8"))["States"]
    assert function.EndpointMoves.__name__ == ENDPOINT_MOVES_BY_FUNCTION
    (retry,) = [one for one in states["Plan the stage"]["Retry"] if ENDPOINT_MOVES_BY_FUNCTION in one["ErrorEquals"]]
    assert retry["ErrorEquals"] == [ENDPOINT_MOVES_BY_FUNCTION]
    assert retry["IntervalSeconds"] / 2 * retry["MaxAttempts"] >= 3600, "a wait is half as long as it may be"


def test_production_and_the_way_back_are_asked_for_in_different_words() -> None:
    """Only the way to production waits for people's decision."""
    for machine, state, action in (
        ("release", "Confirm the release", Confirmation),
        ("challenge", "Confirm the withdrawal", RollBack),
    ):
        definition = Path(__file__).parents[3] / "workflow" / "machines" / f"{machine}.asl.json"
        states: dict[str, Any] = json.loads(definition.read_text(encoding="utf-8"))["States"]
        ((key, path),) = states[state]["Parameters"]["Payload"].items()
        assert path == "$.plan"
        assert type(read_action({key.removesuffix(".$"): PLAN}, {})) is action
