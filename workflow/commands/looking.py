"""Commands that look into one run: its logs, and the report that it left."""

from __future__ import annotations

import json
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflow.commands.session import Session, on_project, print_result
from workflow.contract.plain_text import escape_unseen, show_lines

if TYPE_CHECKING:
    from workflow.runs.history import History

REPORTS = Path(".greenlight/reports")
"""Where reports are kept, in a folder for each run."""


@click.command()
@click.argument("run", default="")
@click.argument("state", default="")
@click.option("--follow", is_flag=True, help="Go on printing what comes, until the state is over.")
@on_project
def logs(session: Session, project: str, as_json: bool, run: str, state: str, follow: bool) -> None:
    """Print the log of a STATE of a RUN.

    Without a name the newest build is meant. Without a state it is the one that broke, the job that runs, or else the
    training. A job's log is its own; a function's is what it wrote meanwhile, for whichever run. --json prints an
    object a line.
    """
    from workflow.runs.events import Histories
    from workflow.runs.logs import Log, find_logged
    from workflow.runs.lookup import find_execution
    from workflow.runs.watch import interval_seconds

    stack = session.stack(project)
    execution = find_execution(session.cloud, stack.machines, run)
    histories = Histories(session.cloud)
    found = find_logged(histories, execution, state)
    if not as_json:
        click.echo(show_lines(f"{found.state} · {found.source.group} {found.source.prefix}".rstrip()), err=True)
    log = Log(session.cloud, found.source)
    while True:
        # Asked before the log is read, so that all that was written until then is read.
        over = not follow or found.over
        if over and follow:
            # CloudWatch takes in a moment later what was written last.
            time.sleep(interval_seconds(session.cloud))
        for line in log.read():
            document = escape_unseen(json.dumps(line.document(), ensure_ascii=False))
            click.echo(document if as_json else show_lines(line.text))
        if over:
            return
        time.sleep(interval_seconds(session.cloud))
        found = find_logged(histories, execution, found.state)


def _standing(history: History) -> str:
    """How a run stands that has left nothing to look at."""
    if history.plan.get("anything_to_do") is False:
        return f"it had nothing to do, {history.plan.get('reason')}"
    return history.outcome.text() if history.outcome else "it still runs"


@click.command()
@click.argument("run", default="")
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write it.  [default: index.html in .greenlight/reports/RUN]",
)
@on_project
def report(session: Session, project: str, as_json: bool, run: str, show: bool, to: Path | None) -> None:
    """Fetch the report of a RUN.

    Without a name the newest build is meant. It is the page that an approver reads; of data that was refused, the one
    that shows what was found.
    """
    from workflow.runs.events import Histories
    from workflow.runs.lookup import find_execution
    from workflow.runs.report import fetch_page, find_pages, require_page

    stack = session.stack(project)
    execution = find_execution(session.cloud, stack.machines, run)
    name, history = execution.rpartition(":")[2], Histories(session.cloud).of(execution)
    target = to or REPORTS / name / "index.html"
    fetched = fetch_page(session.cloud, find_pages(stack.bucket, name, history.plan), target)
    found = require_page(fetched, name, _standing(history))
    print_result(as_json, {"run": name, "kind": found.kind, "from": found.uri, "file": str(target)}, str(target))
    if show and not webbrowser.open(target.resolve().as_uri()):
        click.echo("no browser was found here: open the file in one.", err=True)
