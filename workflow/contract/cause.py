"""What a service leaves behind when a state fails, as one readable line; empty where nothing in it speaks.

Lambda reports JSON with ``errorMessage``; SageMaker the whole description of the job, in which a processing job has its
program's words as ``ExitMessage`` and any other as ``FailureReason``; a nested execution its own cause inside its
description; what was stopped only how it ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from workflow.contract.plain_text import show_plain

DEPTH = 5
"""How many causes may be packed into each other before the text is taken as it is."""

SPEAKING = (
    *("errorMessage", "ExitMessage", "FailureReason", "Cause", "cause"),
    *("StatusMessage", "Message", "message", "Error", "error"),
)
"""Keys that hold a reason, the most telling first."""

ENDED = (
    *(("TrainingJobName", "TrainingJobStatus"), ("ProcessingJobName", "ProcessingJobStatus")),
    *(("HyperParameterTuningJobName", "HyperParameterTuningJobStatus"), ("ExecutionArn", "Status")),
)
"""Where a description names what ended, and how."""


def reason_in(cause: object, depth: int = DEPTH) -> str:
    """The reason inside a cause, unpacking JSON inside JSON; empty where there is none."""
    if isinstance(cause, str) and depth > 0:
        try:
            unpacked = json.loads(cause)
        except (ValueError, RecursionError):
            return text_of(cause)
        return reason_in(unpacked, depth - 1) if isinstance(unpacked, (dict, str)) else text_of(cause)
    if isinstance(cause, Mapping):
        if depth <= 0:
            return ""
        said = (reason_in(cause.get(key), depth - 1) for key in SPEAKING)
        return next((line for line in said if line), "") or _last_message(cause) or _ending(cause)
    return text_of(cause)


def text_of(value: object) -> str:
    """Any value as plain text on one line; empty for nothing."""
    return "" if value is None else show_plain(str(value))


def _last_message(job: Mapping[str, object]) -> str:
    """What a training that was stopped, and so has no reason of its own, said of its last step."""
    steps = job.get("SecondaryStatusTransitions")
    last = steps[-1] if isinstance(steps, list) and steps else None
    return text_of(last.get("StatusMessage")) if isinstance(last, Mapping) else ""


def _ending(described: Mapping[str, object]) -> str:
    """How something ended that gives no reason: a processing job, a search, an execution."""
    for name, status in ENDED:
        if status in described and name in described:
            return f"{text_of(described[name]).rpartition(':')[2]} ended {text_of(described[status])}"
    return ""
