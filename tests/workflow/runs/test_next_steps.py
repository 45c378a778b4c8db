"""After a run that did not end well, what is worth typing is said; each of it is a command that is there."""

from __future__ import annotations

import shlex

import click
import pytest

from workflow.commands.cli import load
from workflow.contract.failures import Failure
from workflow.runs.history import Outcome
from workflow.runs.next_steps import next_steps

STATUSES = ("FAILED", "ABORTED", "TIMED_OUT")


def typed(error: str, status: str = "FAILED", machine: str = "greenlight-build") -> dict[str, str]:
    """What is said after such an end, by what it is for."""
    return dict(next_steps("run-1", machine, Outcome(status, error, "why", "Train")))


@pytest.mark.parametrize("machine", ["greenlight-build", "greenlight-release"])
@pytest.mark.parametrize("error", [*Failure, "States.Runtime", ""])
def test_what_is_said_can_be_typed(error: str, machine: str) -> None:
    """Command and options exist, whatever happened."""
    for status in STATUSES:
        for line in typed(error, status, machine).values():
            program, name, *words = shlex.split(line)
            command = load(name)
            known = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
            assert program == "greenlight"
            assert {word for word in words if word.startswith("--")} <= known


def test_a_refused_run_leads_to_its_report_and_to_another_one() -> None:
    """Nothing broke, so that no log is pointed at."""
    assert typed(Failure.GATE_REJECTED) == {
        "report": "greenlight report run-1 --open",
        "again": "greenlight start --like run-1 --set epochs=…",
    }
    assert typed(Failure.APPROVAL_REJECTED)["again"] == "greenlight start --like run-1 --force"


def test_a_broken_run_leads_to_its_log_and_a_stopped_one_goes_on() -> None:
    """What broke is in the log; what was stopped need not begin anew."""
    assert typed(Failure.TRAINING_FAILED)["log"] == "greenlight logs run-1"
    assert typed("", "ABORTED") == {"log": "greenlight logs run-1", "go on": "greenlight redrive run-1"}


def test_after_a_good_end_nothing_is_said() -> None:
    """There is nothing to do."""
    assert list(next_steps("run-1", "greenlight-build", Outcome("SUCCEEDED"))) == []
