"""The command that holds what production is asked against what its model was judged by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from workflow.commands.session import Session, make_watcher, on_project, print_result, tell_next, user_name
from workflow.contract.drift import MOST_HOURS, ON_DRIFT, DriftInput
from workflow.contract.plain_text import show_lines
from workflow.errors import UsageError

if TYPE_CHECKING:
    from workflow.runs.watch import View
    from workflow.stack.outputs import Stack


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
    return _tell(session, stack, _watch(session, stack, execution, as_json), as_json)


def _watch(session: Session, stack: Stack, execution: str, as_json: bool) -> View:
    """Draw the watch until it ended. Whoever interrupts stops it, with its job."""
    import sys

    from workflow.runs.screen import PlainScreen, open_screen
    from workflow.runs.steering import name_of, stop_run
    from workflow.runs.watch import follow, interval_seconds

    screen = PlainScreen(sys.stderr) if as_json else open_screen(sys.stdout)
    try:
        for view in follow(make_watcher(session, stack, execution), interval_seconds=interval_seconds(session.cloud)):
            screen.show(view)
    except KeyboardInterrupt:
        screen.pause()
        stop_run(session.cloud, execution, f"interrupted by {user_name()}")
        click.echo(f"stopped {name_of(execution)}, and its job", err=True)
        raise
    finally:
        screen.pause()
    return view


def _tell(session: Session, stack: Stack, view: View, as_json: bool) -> int:
    from workflow.drift.outcome import read_outcome

    if view.outcome is not None and view.outcome.succeeded:
        outcome = read_outcome(session.cloud, view.execution)
        print_result(as_json, {**view.document(), **outcome.document()}, show_lines(outcome.text()))
        return 0
    ended = "" if view.outcome is None else view.outcome.text()
    print_result(as_json, view.document(), "\n".join([ended, *tell_next(stack.project, view)]))
    return 1
