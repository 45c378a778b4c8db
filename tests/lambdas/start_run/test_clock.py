"""The schedule's start: one execution for one time."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.start_run import handler as function
from lambdas.start_run.handler import handler
from tests.lambdas.conftest import Context
from tests.lambdas.executions import Machine
from workflow.contract.reading import ContractError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine that is started."""
    made = Machine()
    monkeypatch.setattr(function, "stepfunctions", made)
    return made


def test_a_schedule_that_fires_twice_starts_one_execution(machine: Machine, context: Context) -> None:
    """Also where the first has ended meanwhile: the name says which night it was."""
    event = {"scheduled": "2026-11-30T02:00:00Z"}
    first = handler(event, context)
    assert handler(event, context) == first
    machine.ended = {"schedule-2026-11-30T02-00-00"}
    assert handler(event, context) == first
    assert machine.started == {"schedule-2026-11-30T02-00-00": {"started_by": "schedule"}}


@pytest.mark.parametrize("event", [{}, {"scheduled": "<aws.scheduler.scheduled-time>"}, {"scheduled": ""}])
def test_a_call_that_stands_for_no_time_is_an_error(machine: Machine, context: Context, event: Any) -> None:
    """It could be started any number of times."""
    with pytest.raises(ContractError, match=r"event\.scheduled"):
        handler(event, context)
    assert not machine.started
