"""What to do about a run that did not end well: commands as they are typed, with a word for each. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.contract.failures import Failure
from workflow.runs.history import Outcome
from workflow.runs.steering import GOES_ON

REPORTED = {
    Failure.DATA_REJECTED,
    Failure.GATE_REJECTED,
    Failure.REGISTRATION_FAILED,
    Failure.APPROVAL_FAILED,
    Failure.APPROVAL_EXPIRED,
    Failure.APPROVAL_REJECTED,
    Failure.RELEASE_FAILED,
}
"""The failures of a build that come after something was found out about data or model: a page tells what."""
REGISTERED = {
    Failure.APPROVAL_FAILED,
    Failure.APPROVAL_EXPIRED,
    Failure.APPROVAL_REJECTED,
    Failure.RELEASE_FAILED,
}
"""Those after which the same data with the same settings has a version already, so that only force builds another."""
REFUSED = {
    Failure.PLAN_REJECTED,
    Failure.DATA_REJECTED,
    Failure.GATE_REJECTED,
    Failure.APPROVAL_EXPIRED,
    Failure.APPROVAL_REJECTED,
    Failure.BATCH_REFUSED,
    Failure.DRIFT_REFUSED,
}
"""Those in which nothing broke: all that there is to say is in the cause, and no log has more."""
UNSAFE = {Failure.PRODUCTION_ROLLBACK_FAILED, Failure.PRODUCTION_UNAPPROVED}
"""Those after which production serves what it should not."""
CHANGES = {
    Failure.PLAN_REJECTED: " --set KEY=VALUE",
    Failure.DATA_REJECTED: " --policy KIND=POLICY,…",
    Failure.GATE_REJECTED: " --set epochs=…",
}
"""What is worth changing in the next one."""


def next_steps(run: str, machine: str, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What is worth typing now, each with what for; nothing after a run that ended well."""
    if outcome.succeeded:
        return
    error = outcome.error
    if machine.endswith("-build") and error in REPORTED:
        yield "report", f"greenlight report {run} --open"
    if broke_at(outcome):
        yield "log", f"greenlight logs {run}"
    if outcome.status in GOES_ON:
        yield "go on", f"greenlight redrive {run}"
    elif machine.endswith("-build"):
        force = " --force" if error in REGISTERED else ""
        yield "again", f"greenlight start --like {run}{force}{_change(error)}"
    elif error in UNSAFE:
        yield "back", "greenlight rollback"


def broke_at(outcome: Outcome) -> str:
    """The state whose log has more to say than the cause; empty where nothing broke: a refusal is all in its cause."""
    return "" if outcome.error in REFUSED else outcome.state


def _change(error: str) -> str:
    return next((text for failure, text in CHANGES.items() if failure == error), "")
