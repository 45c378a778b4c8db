"""Stops runs, and lets stopped ones go on where they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from workflow.clients import Cloud
from workflow.errors import ServiceError, UsageError

GOES_ON = ("ABORTED", "TIMED_OUT")
"""How a run may have ended that can be redriven whatever state it was in."""


def find_running(cloud: Cloud, machines: tuple[str, ...]) -> str:
    """The ARN of the run that is meant where none is named: the only one that runs, of the first machine with any.

    Raises UsageError where none runs, or several.
    """
    for machine in machines:
        running = [
            str(item["executionArn"])
            for item in cloud.pages(
                "stepfunctions", "list_executions", "executions", stateMachineArn=machine, statusFilter="RUNNING"
            )
        ]
        if len(running) > 1:
            names = "\n".join(f"  {execution.rpartition(':')[2]}" for execution in running)
            raise UsageError(f"several runs are under way; name the one:\n{names}")
        if running:
            return running[0]
    raise UsageError("no run is under way.")


def stop_run(cloud: Cloud, execution: str, why: str) -> None:
    """Stop a run, and with it the job that runs. ``why`` is told to everyone. Raises UsageError where it has ended."""
    status = str(cloud.call("stepfunctions", "describe_execution", executionArn=execution)["status"])
    if status != "RUNNING":
        raise UsageError(f"{name_of(execution)} does not run any more: it {in_words(status)}.")
    cloud.call("stepfunctions", "stop_execution", executionArn=execution, cause=why)


def redrive_run(cloud: Cloud, execution: str) -> datetime:
    """Let a run go on at the state in which it was stopped, or broke; the moment at which it did.

    Raises UsageError where it cannot: it runs, ended well, or went to its very end, where everyone was told.
    """
    found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    name, status = name_of(execution), str(found["status"])
    if status in {"RUNNING", "SUCCEEDED", "PENDING_REDRIVE"}:
        raise UsageError(f"{name} cannot go on where it was: it {in_words(status)}.")
    if status not in GOES_ON and _last_entered(cloud, execution) == "FailStateEntered":
        raise UsageError(
            f"{name} failed and went to its end, where everyone was told: there is no state to go on at.\n"
            f"  Start one like it: greenlight start --like {name}"
        )
    try:
        answer = cloud.call("stepfunctions", "redrive_execution", executionArn=execution)
    except ServiceError as error:
        if error.code in {"ExecutionNotRedrivable", "ValidationException"}:
            why = found.get("redriveStatusReason") or str(error)
            raise UsageError(
                f"{name} cannot go on where it was: {why}.\n  Start one like it: greenlight start --like {name}"
            ) from error
        raise
    moment = answer["redriveDate"]
    return moment if isinstance(moment, datetime) else datetime.now(UTC)


def _last_entered(cloud: Cloud, execution: str) -> str:
    """The kind of event with which the last state began; empty where none did."""
    events: Iterator[dict[str, object]] = cloud.pages(
        "stepfunctions",
        "get_execution_history",
        "events",
        executionArn=execution,
        reverseOrder=True,
        includeExecutionData=False,
    )
    return next((str(event["type"]) for event in events if str(event["type"]).endswith("StateEntered")), "")


def name_of(execution: str) -> str:
    """A run's name, of its ARN."""
    return execution.rpartition(":")[2]


def in_words(status: str) -> str:
    """How a run stands, as the end of a sentence that begins with *it*."""
    words = {"RUNNING": "runs", "ABORTED": "was stopped", "PENDING_REDRIVE": "is about to go on"}
    return words.get(status, status.lower().replace("_", " "))
