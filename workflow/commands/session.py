"""What the commands share: the services and the stack they work on, their options, and how they print.

Knows click and the subjects' entry points that several commands need; does no work of its own.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from workflow.contract.plain_text import escape_unseen, is_plain_name, show_lines
from workflow.errors import GreenlightError, UsageError
from workflow.terminal import fit

if TYPE_CHECKING:
    from workflow.clients import Cloud
    from workflow.runs.watch import View, Watcher
    from workflow.stack.demands import Demands
    from workflow.stack.outputs import Stack

PROJECT = "greenlight"
"""The stack that is meant where nobody names one."""


class Session:
    """What every command starts from: the services, and the project's stack, read when it is first needed."""

    def __init__(self, cloud: Cloud | None = None) -> None:
        """Use ``cloud``, or connect to what the environment names."""
        self._cloud = cloud

    @property
    def cloud(self) -> Cloud:
        """The services."""
        if self._cloud is None:
            from workflow.clients import AwsCloud

            self._cloud = AwsCloud()
        return self._cloud

    def stack(self, project: str) -> Stack:
        """The project's deployed stack."""
        from workflow.stack.outputs import read_stack

        return read_stack(self.cloud, project)

    def demands(self, project: str) -> Demands:
        """What the project's stack demands of every run."""
        from workflow.stack.demands import read_demands

        return read_demands(self.cloud, project)


def on_project(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that commands on a deployed project share."""
    project = click.option(
        "--project", default=PROJECT, envvar="GREENLIGHT_PROJECT", show_default=True, help="Name of the stack."
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a pipe.")
    return project(as_json(click.pass_obj(command)))


def print_result(as_json: bool, document: Any, text: str) -> None:
    """Print a command's result, for a program or for a person; neither holds anything that a terminal would obey."""
    if as_json:
        click.echo(escape_unseen(json.dumps(document, indent=2, ensure_ascii=False)))
    else:
        click.echo(fit(show_lines(text), sys.stdout))


def user_name() -> str:
    """Who runs the command, as a name that a run and the approval page take."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return "somebody without a user name"
    return name if is_plain_name(name) else "somebody with an unusual user name"


def make_watcher(session: Session, stack: Stack, execution: str) -> Watcher:
    """A watcher of one execution of the stack."""
    from workflow.runs.approvals import Approvals
    from workflow.runs.watch import Watcher

    return Watcher(session.cloud, execution, approvals=Approvals(session.cloud, stack.table))


def watch_to_its_end(session: Session, stack: Stack, execution: str, as_json: bool) -> int:
    """Draw an execution until it ended; on standard error where standard output carries JSON."""
    from workflow.runs.screen import PlainScreen, open_screen
    from workflow.runs.watch import follow, interval_seconds

    screen = PlainScreen(sys.stderr) if as_json else open_screen(sys.stdout)
    try:
        for view in follow(make_watcher(session, stack, execution), interval_seconds=interval_seconds(session.cloud)):
            screen.show(view)
    except KeyboardInterrupt:
        screen.pause()
        click.echo("the run goes on; 'greenlight watch' looks again", err=True)
        raise
    finally:
        screen.pause()
    if as_json:
        print_result(True, view.document(), "")
    elif view.outcome is not None:
        print_result(False, None, "\n".join([view.outcome.text(), *tell_next(stack.project, view)]))
    return 0 if view.outcome is not None and view.outcome.succeeded else 1


def tell_next(project: str, view: View) -> list[str]:
    """What is worth typing after a run that did not end well, a line each; nothing while it runs."""
    from workflow.runs.next_steps import next_steps

    if view.outcome is None:
        return []
    named = "" if project == PROJECT else f" --project {project}"
    return [f"  {what:<8} {typed}{named}" for what, typed in next_steps(view.run, view.machine, view.outcome)]


def confirm(yes: bool, question: str, otherwise: str) -> None:
    """Ask a yes-or-no question unless it was answered on the command line.

    No is an answer, and no interruption: the command ends with ``otherwise``, which says what stays as it was.
    """
    if must_ask(yes, question) and not click.confirm(question, err=True):
        raise GreenlightError(otherwise)


def confirm_by_name(yes: bool, question: str, name: str) -> None:
    """Have a name typed unless the question was answered on the command line; anything else ends the command."""
    if must_ask(yes, question) and click.prompt(f"{question} Type its name to go on", err=True) != name:
        raise UsageError(f"that is not {name}: nothing was deleted.")


def must_ask(yes: bool, question: str) -> bool:
    """Whether a person is still to be asked. Raises UsageError where nobody can be."""
    if not yes and not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked here: repeat with --yes.")
    return not yes
