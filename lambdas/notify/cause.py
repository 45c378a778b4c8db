"""From whatever a failed state leaves behind to one readable line. Pure, and never at a loss: it always says something.

Lambda reports JSON with ``errorMessage``, SageMaker the whole description of the job with ``FailureReason``, a nested
execution its own cause inside its description, a timeout nothing at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

LENGTH = 800
DEPTH = 5
"""How many causes may be packed into each other before the text is taken as it is."""

SPEAKING = ("errorMessage", "FailureReason", "Cause", "cause", "StatusMessage", "Message", "message", "Error", "error")
"""Keys that hold a reason, the most telling first."""

TOLD = frozenset(
    f"{subject}.{what}"
    for subject, whats in {
        "Plan": ("Rejected",),
        "Prepare": ("Failed",),
        "Data": ("Rejected",),
        "Training": ("Failed",),
        "Evaluation": ("Failed",),
        "Gate": ("Rejected",),
        "Registration": ("Failed",),
        "Approval": ("Failed", "Expired", "Rejected"),
        "Release": ("Failed", "Refused"),
        "Staging": ("Failed",),
        "SmokeTest": ("Failed",),
        "Production": ("Failed", "RolledBack", "RollbackFailed"),
        "Record": ("Failed",),
    }.items()
    for what in whats
)
"""Errors of the machines' own Fail states: each has told everyone before it failed."""


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


def reason_in(cause: object, depth: int = DEPTH) -> str:
    """The reason inside a cause, unpacking JSON inside JSON; empty where there is none."""
    if isinstance(cause, str) and depth > 0:
        try:
            unpacked = json.loads(cause)
        except (ValueError, RecursionError):
            return text_of(cause)
        return reason_in(unpacked, depth - 1) if isinstance(unpacked, (dict, str)) else text_of(cause)
    if isinstance(cause, Mapping):
        said = (reason_in(cause.get(key), depth - 1) for key in SPEAKING)
        return next((line for line in said if line), "") or last_message(cause)
    return text_of(cause)


def last_message(job: Mapping[str, object]) -> str:
    """What a job that was stopped, and so has no reason of its own, said of its last step."""
    steps = job.get("SecondaryStatusTransitions")
    last = steps[-1] if isinstance(steps, list) and steps else None
    return text_of(last.get("StatusMessage")) if isinstance(last, Mapping) else ""


def text_of(value: object) -> str:
    """Any value as text on one line; empty for nothing."""
    return "" if value is None else " ".join(str(value).split())
