"""Whether a release that runs has asked for an execution that is a part of it: a stage, or a challenge.

A release starts each and waits for it. Whoever may start executions could start one, too: it goes by its input, and
takes its release's lock, so that very input must be what that release has asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.plan_release.package import RefusalError
from workflow.contract.execution import Execution, is_running
from workflow.contract.reading import object_or_empty, read_object

NEWEST_EVENTS = 10
"""So many events of a release's history hold the call that it waits for; two follow it at the most."""
LOOKS = 5
"""A history is told a moment after it happened: so often it is asked for, with a pause between two."""
PAUSE_SECONDS = 1.0


def check_started(stepfunctions: Any, execution: Execution, given: object, release: str) -> None:
    """Raise RefusalError unless a release that runs, of this ARN, has started this execution with this input."""
    if not is_running(stepfunctions, release):
        raise RefusalError(f"the release {release} does not run: start the release machine instead")
    for look in reversed(range(LOOKS)):
        newest = stepfunctions.get_execution_history(
            executionArn=release, reverseOrder=True, maxResults=NEWEST_EVENTS, includeExecutionData=True
        )["events"]
        try:
            return check_asked(execution, given, release, newest)
        except RefusalError:
            if not look:
                raise
            time.sleep(PAUSE_SECONDS)


def check_asked(execution: Execution, given: object, release: str, newest: Iterable[Mapping[str, Any]]) -> None:
    """Raise RefusalError where the release of this ARN has not asked for this execution, with this very input.

    ``newest`` are the newest events of its history, which nobody but Step Functions writes: while it waits for the
    execution, the call that started it is among them.
    """
    machine = machine_of(execution.id)
    project, _, part = machine.rpartition("-")
    if machine_of(release) != f"{project}-release":
        raise RefusalError(f"{release} is no release of this project: start the release machine instead")
    for event in newest:
        called = read_object(object_or_empty(event.get("taskScheduledEventDetails")).get("parameters"))
        named = (called.get("StateMachineArn"), called.get("Name"))
        if named == (machine, execution.name) and _as_object(called.get("Input")) == given:
            return
    raise RefusalError(
        f"the release {release.rpartition(':')[2]} has not asked for this: a {part} is a part of a release alone. "
        "Start the release machine instead"
    )


def _as_object(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def machine_of(execution: str) -> str:
    """The ARN of the machine whose execution has this ARN."""
    return execution.rpartition(":")[0].replace(":execution:", ":stateMachine:")
