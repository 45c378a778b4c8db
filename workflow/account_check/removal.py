"""Removes all that a check made, and looks whether it is gone: the stack, its record of decisions, its queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from workflow.account_check.inbox import Inbox
from workflow.account_check.leftovers import find_leftovers
from workflow.clients import Cloud
from workflow.errors import GreenlightError
from workflow.stack.changes import Progress, pause_seconds
from workflow.stack.destroy import destroy, stop_executions
from workflow.stack.outputs import describe_stack, find_place

LOOKS = 20
SETTLING_LOOKS = 300
TRIES = 2
JOBS = {
    "list_training_jobs": "TrainingJobSummaries",
    "list_processing_jobs": "ProcessingJobSummaries",
    "list_transform_jobs": "TransformJobSummaries",
}
PAUSE = 15.0
"""Seconds between two looks at what is left: AWS's lists lag behind by minutes."""


def remove(cloud: Cloud, project: str, inbox: Inbox, on_progress: Progress, say: Callable[[str], None]) -> list[str]:
    """Remove everything of the project; what is left of it in the end, empty where nothing is.

    Goes on where one part cannot be removed, with what that says.
    """
    _try(inbox.close, say)
    _try(lambda: stop_executions(cloud, project, find_place(cloud), on_progress), say)
    _try(partial(settle, cloud, project), say)
    for _ in range(TRIES):
        if _try(partial(destroy, project, cloud=cloud, on_progress=on_progress), say):
            break
    for table in _tables(cloud, project):
        _try(partial(destroy, project, records_table=table, cloud=cloud, on_progress=on_progress), say)
    left = look(cloud, project)
    for _ in range(0 if cloud.local else LOOKS):
        if not left:
            break
        time.sleep(PAUSE)
        left = look(cloud, project)
    return left


def settle(cloud: Cloud, project: str) -> None:
    """Wait, for minutes at most, until nothing is changed about the stack, and no job writes any more.

    CloudFormation deletes no stack that it changes, and no bucket that a job which is being stopped still writes to.
    """
    for _ in range(SETTLING_LOOKS):
        if not _is_changed(cloud, project) and not any(_running_jobs(cloud, project)):
            return
        time.sleep(pause_seconds(cloud))


def _is_changed(cloud: Cloud, project: str) -> bool:
    found = describe_stack(cloud, project)
    status = "" if found is None else str(found["StackStatus"])
    # A stack in review was never made: nothing goes on there.
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def _running_jobs(cloud: Cloud, project: str) -> Iterator[Any]:
    for listing, key in JOBS.items():
        for status in ("InProgress", "Stopping"):
            yield from cloud.pages("sagemaker", listing, key, NameContains=project, StatusEquals=status)


def look(cloud: Cloud, project: str) -> list[str]:
    """What is left; that nobody can tell, in the service's words, counts as something."""
    try:
        return find_leftovers(cloud, project)
    except GreenlightError as error:
        return [f"what cannot be listed: {error}"]


def _tables(cloud: Cloud, project: str) -> list[str]:
    """The records of decisions, which outlive a stack."""
    return [one.removeprefix("table ") for one in look(cloud, project) if one.startswith("table ")]


def _try(what: Callable[[], object], say: Callable[[str], None]) -> bool:
    """Whether it went well; says why where it did not."""
    try:
        what()
    except GreenlightError as error:
        say(f"    {error}")
        return False
    return True
