"""From whatever a failed state leaves behind to one readable line. Pure, and never at a loss for words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workflow.contract.cause import reason_in, text_of
from workflow.contract.failures import UNTOLD, Failure

LENGTH = 800


def told_by_machine(error: object, cause: object) -> bool:
    """Whether the machine itself told everyone of this end, before it failed with one of its own errors."""
    return error in list(Failure) and cause != UNTOLD


def told_by_nested(error: object) -> bool:
    """Whether a nested execution that failed told everyone why: where it never began, nobody was told.

    Whatever it fails with is States.TaskFailed to the one that waits for it, and too long is States.Timeout; a call
    that did not start it has an error of Step Functions' own.
    """
    return isinstance(error, Mapping) and error.get("Error") in ("States.TaskFailed", "States.Timeout")


def readable(error: object) -> str:
    """One line that says why, from ``{"Error": …, "Cause": …}`` or whatever came instead."""
    name, cause = "", error
    if isinstance(error, Mapping):
        name, cause = text_of(error.get("Error")), error.get("Cause")
    line = reason_in(cause)
    if not line and name == "States.Timeout":
        line = "it took longer than it may"
    if not line and name == "States.HeartbeatTimeout":
        line = "it gave no sign of life for too long"
    if not line:
        line = f"it failed with {name} and gave no reason" if name else "it failed and gave no reason"
    if re.search(r"exit code:? ?137", line, re.IGNORECASE):
        line += " (killed, most likely for want of memory)"
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
