"""Runs are stopped, and go on where they were; what cannot be done is said with what can."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.workflow.cloud import Answer, ScriptedCloud
from workflow.errors import ServiceError, UsageError
from workflow.runs.steering import find_running, redrive_run, stop_run

BUILD, RELEASE = "arn:aws:states:x:0:stateMachine:g-build", "arn:aws:states:x:0:stateMachine:g-release"
RUN = "arn:aws:states:x:0:execution:g-build:run-1"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def running(**by_machine: list[str]) -> ScriptedCloud:
    """A cloud on which these executions run, by the last word of their machine."""

    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["statusFilter"] == "RUNNING"
        names = by_machine.get(asked["stateMachineArn"].rpartition("-")[2], [])
        return {"executions": [{"executionArn": name} for name in names]}

    return ScriptedCloud({"list_executions": listed})


def ended(status: str, **more: Answer) -> ScriptedCloud:
    """A cloud on which the run stands so."""
    return ScriptedCloud({"describe_execution": {"status": status}, "stop_execution": {}, **more})


def test_the_only_run_that_is_under_way_need_not_be_named() -> None:
    """A build before the release in it; a release where nothing builds."""
    assert find_running(running(build=["a:b"], release=["a:r"]), (BUILD, RELEASE)) == "a:b"
    assert find_running(running(release=["a:r"]), (BUILD, RELEASE)) == "a:r"
    with pytest.raises(UsageError, match=r"several runs are under way; name the one:\n  b1\n  b2"):
        find_running(running(build=["a:b1", "a:b2"]), (BUILD, RELEASE))
    with pytest.raises(UsageError, match="no run is under way"):
        find_running(running(), (BUILD, RELEASE))


def test_a_run_is_stopped_with_the_reason_that_everyone_is_told() -> None:
    """And one that has ended is not: that is said."""
    cloud = ended("RUNNING")
    stop_run(cloud, RUN, "stopped by ada: too dear")
    assert cloud.asked[-1] == ("stop_execution", {"executionArn": RUN, "cause": "stopped by ada: too dear"})
    with pytest.raises(UsageError, match="run-1 does not run any more: it succeeded"):
        stop_run(ended("SUCCEEDED"), RUN, "")


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_a_run_that_was_stopped_goes_on(status: str) -> None:
    """By its ARN."""
    assert redrive_run(ended(status, redrive_execution={"redriveDate": NOW}), RUN) == NOW


def test_a_run_that_broke_goes_on_and_one_that_went_to_its_end_does_not() -> None:
    """A Fail state is an end of which everyone was told: to run into it again would be no help."""
    for last, works in (("FailStateEntered", False), ("TaskStateEntered", True)):
        cloud = ended(
            "FAILED",
            get_execution_history={"events": [{"type": "ExecutionFailed"}, {"type": last}]},
            redrive_execution={"redriveDate": NOW},
        )
        if works:
            assert redrive_run(cloud, RUN) == NOW
        else:
            with pytest.raises(UsageError, match="Start one like it: greenlight start --like run-1"):
                redrive_run(cloud, RUN)


@pytest.mark.parametrize(("status", "said"), [("RUNNING", "it runs"), ("SUCCEEDED", "it succeeded")])
def test_a_run_that_need_not_go_on_is_told(status: str, said: str) -> None:
    """Nothing is asked of Step Functions."""
    with pytest.raises(UsageError, match=f"run-1 cannot go on where it was: {said}"):
        redrive_run(ended(status), RUN)


def test_a_run_that_aws_does_not_let_go_on_is_told_with_the_way_on() -> None:
    """After 14 days, for example; any other refusal is passed on."""
    old = ended("ABORTED", redrive_execution=ServiceError("ExecutionNotRedrivable", "too old"))
    with pytest.raises(UsageError, match=r"too old\.\n  Start one like it: greenlight start --like run-1"):
        redrive_run(old, RUN)
    with pytest.raises(ServiceError):
        redrive_run(ended("ABORTED", redrive_execution=ServiceError("AccessDeniedException", "not yours")), RUN)
