"""The command that holds what production is asked against what its model was judged by."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from workflow.commands.following import follow_to_its_end, tell_its_end
from workflow.commands.session import Session, on_project, print_result, user_name
from workflow.contract.drift import MOST_HOURS, ON_DRIFT, DriftInput
from workflow.errors import UsageError


@click.command()
@click.option(
    "--hours", type=click.IntRange(1, MOST_HOURS), help="Hours up to now that are looked at.  [default: the stack's]"
)
@click.option("--on-drift", type=click.Choice(ON_DRIFT), help="What follows a drift.  [default: the stack's]")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@on_project
def drift(session: Session, project: str, as_json: bool, hours: int | None, on_drift: str | None, detach: bool) -> int:
    """Look whether production is asked what it was judged by.

    Holds the pictures that were kept of production's requests, and what the model sees on them, against the
    held-out pictures, and says which figures drifted and by how much. Leaves a page with the pictures that moved
    most, and says where. Production is not asked, and nothing of it changes. Ctrl-C stops the job.
    """
    from workflow.drift.outcome import read_outcome
    from workflow.drift.start import name_watch, start_watch

    stack = session.stack(project)
    if not stack.drift_machine_arn:
        raise UsageError(
            f"the stack {project} keeps nothing of what production is asked: 'greenlight deploy --parameter "
            "CapturePercent=10' keeps a tenth, from the next release on."
        )
    name, wanted = name_watch(datetime.now(UTC)), DriftInput(hours or 0, on_drift or "", user_name())
    execution = start_watch(session.cloud, stack.drift_machine_arn, name, wanted)
    if detach:
        print_result(
            as_json, {"run": name, "execution": execution}, f"started {name}; 'greenlight watch {name}' follows it."
        )
        return 0
    view = follow_to_its_end(session, stack, execution, as_json)
    return tell_its_end(stack, view, as_json, lambda: read_outcome(session.cloud, view.execution))
