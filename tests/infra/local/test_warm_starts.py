"""A stand-in that is asked to starts functions ahead of their calls; what they are and how they fail stays the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.local.machines import ROLE, Machines
from tests.stand_in import StandIn

pytestmark = pytest.mark.standin

_TIMED = """\
import os, time
started = time.time()
def handler(event, context):
    called = time.time()
    time.sleep({seconds})
    return {{"started": started, "called": called, "pid": os.getpid()}}
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """State machines and functions on a stand-in that starts them ahead."""
    with StandIn(tmp_path_factory.mktemp("warm"), options=("--warm",)) as running:
        running.role(ROLE)
        yield Machines(running)


def call(function: str, into: str, **then: Any) -> dict[str, Any]:
    """A state that calls a function and keeps its answer."""
    parameters = {"FunctionName": function}
    resource = "arn:aws:states:::lambda:invoke"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "ResultPath": f"$.{into}"} | then


def test_a_function_has_started_before_its_turn_and_once(warm: Machines) -> None:
    """It is imported while an earlier state works; both its calls are answered by that one process."""
    slow = warm.function(_TIMED.format(seconds=3))
    quick = warm.function(_TIMED.format(seconds=0))
    states = {
        "Slow": call(slow, "slow", Next="Quick"),
        "Quick": call(quick, "quick", Next="Again"),
        "Again": call(quick, "again", End=True),
    }
    said = {name: answer["Payload"] for name, answer in warm.output(states).items()}
    assert said["quick"]["started"] < said["slow"]["called"] + 3 <= said["quick"]["called"]
    assert said["again"]["pid"] == said["quick"]["pid"]


def test_a_function_that_cannot_start_fails_at_its_call(warm: Machines) -> None:
    """By the same name as on a stand-in that starts nothing ahead; what comes before it is done."""
    slow = warm.function(_TIMED.format(seconds=2))
    broken = warm.function("import no_such_module\n")
    failed = warm.run({"Slow": call(slow, "slow", Next="Broken"), "Broken": call(broken, "broken", End=True)})
    assert failed["error"] == "Runtime.ImportModuleError"
    assert "no_such_module" in json.loads(failed["cause"])["errorMessage"]
