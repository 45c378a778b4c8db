"""How a command waits for an execution that it has started, and tells of its end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import click

from workflow.commands.session import Session, make_watcher, print_result, tell_next, user_name
from workflow.contract.plain_text import show_lines

if TYPE_CHECKING:
    from workflow.runs.watch import View
    from workflow.stack.outputs import Stack


class Outcome(Protocol):
    """What an execution that succeeded came to."""

    def document(self) -> dict[str, Any]:
        """It as JSON."""

    def text(self) -> str:
        """It for a person."""


def follow_to_its_end(
    session: Session, stack: Stack, execution: str, as_json: bool, seen: Callable[[View], View] = lambda view: view
) -> View:
    """Draw an execution until it ended, as ``seen`` makes of it. Whoever interrupts stops it, with its job."""
    from workflow.runs.screen import PlainScreen, open_screen
    from workflow.runs.steering import name_of, stop_run
    from workflow.runs.watch import follow, interval_seconds

    screen = PlainScreen(sys.stderr) if as_json else open_screen(sys.stdout)
    try:
        for view in follow(make_watcher(session, stack, execution), interval_seconds=interval_seconds(session.cloud)):
            view = seen(view)
            screen.show(view)
    except KeyboardInterrupt:
        screen.pause()
        stop_run(session.cloud, execution, f"interrupted by {user_name()}")
        click.echo(f"stopped {name_of(execution)}, and its job", err=True)
        raise
    finally:
        screen.pause()
    return view


def tell_its_end(stack: Stack, view: View, as_json: bool, read_outcome: Callable[[], Outcome]) -> int:
    """Tell what came of an execution, and give the exit code; ``read_outcome`` is asked only where it succeeded."""
    if view.outcome is not None and view.outcome.succeeded:
        outcome = read_outcome()
        print_result(as_json, {**view.document(), **outcome.document()}, show_lines(outcome.text()))
        return 0
    ended = "" if view.outcome is None else view.outcome.text()
    print_result(as_json, view.document(), "\n".join([ended, *tell_next(stack.project, view)]))
    return 1
