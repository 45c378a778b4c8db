"""``make account-check``: proves in an AWS account what no stand-in can, and removes what it made.

Has a stack of its own and touches no other. Says before what it will cost. Whatever happens, an interruption included,
it removes everything and looks whether that is gone. Exit codes: 0 all proved and nothing left, 1 not so, 2 asked for
wrongly, 130 interrupted.
"""

from __future__ import annotations

import json
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click

from workflow.account_check.claims import claims
from workflow.account_check.estimate import Estimate, estimate
from workflow.account_check.inbox import Inbox
from workflow.account_check.leftovers import find_leftovers
from workflow.account_check.options import DOLLARS, GPU_INSTANCE, INSTANCE, MINUTES, THOROUGH_MINUTES, Options
from workflow.account_check.proofs import FAILED, PROVED, Result, prove_all
from workflow.account_check.removal import remove
from workflow.account_check.report import Report
from workflow.account_check.site import Site
from workflow.clients import AwsCloud, Cloud
from workflow.commands.stack_lines import StackLines
from workflow.contract.plain_text import escape_unseen, show_lines
from workflow.errors import GreenlightError, UsageError
from workflow.runs.start import read_settings
from workflow.stack.outputs import Place, find_place
from workflow.stack.parameters import check_project
from workflow.table import format_seconds

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask whether it may cost that.")
@click.option("--gpu", is_flag=True, help=f"Train on a GPU as well, on {GPU_INSTANCE}.")
@click.option(
    "--thorough", is_flag=True, help="A canary that stays, the way back, other kinds of staging: 45 minutes more."
)
@click.option("--email", default="", help="Address that is mailed, and whose reader confirms both subscriptions.")
@click.option("--instance", default=INSTANCE, show_default=True, help="Type of all instances but the GPU's.")
@click.option(
    "--minutes",
    type=int,
    help=f"Limit of time once the stack stands.  [default: {MINUTES}, or {THOROUGH_MINUTES} if thorough]",
)
@click.option("--dollars", default=DOLLARS, show_default=True, help="Start nothing that is estimated to cost more.")
@click.option("--project", default="", help="Name of its stack, which must not exist.  [default: a new one]")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A key of the runs' input over its own.")
@click.option(
    "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of infra/template.yaml."
)
@click.option("--role-arn", default="", metavar="ARN", help="Role that CloudFormation acts as.")
@click.option("--base-image", default="", envvar="BASE_IMAGE", help="What to build the images from.  [or $BASE_IMAGE]")
@click.option("--keep", is_flag=True, help="Remove nothing: look at it, and remove it with 'greenlight destroy'.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON; all else goes to standard error.")
def main(**given: Any) -> None:
    """Prove in an AWS account what no stand-in can, and remove what it made.

    Deploys a stack of its own, trains, releases, has a canary sent back, is refused and told as it should be: in about
    an hour and for less than five dollars. Says first what it will cost.
    """
    sys.exit(_run(given))


def _run(given: dict[str, Any]) -> int:
    as_json, yes = given.pop("as_json"), given.pop("yes")

    def say(line: str) -> None:
        click.echo(show_lines(line), err=as_json)

    try:
        options = read_options(given)
        cloud = AwsCloud()
        place = find_place(cloud)
        planned = estimate(options)
        say(f"Account check of {place.account} in {place.region}, by a stack of its own: {options.project}\n")
        say(planned.text())
        say(f"It ends {options.minutes} minutes after the stack stands, whatever it has reached by then.\n")
        refuse_what_exists(cloud, options.project)
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError("May it cost that? Nobody can be asked here: repeat with --yes.")
            click.confirm("May it cost that?", abort=True, err=True)
    except GreenlightError as error:
        click.echo(f"account check: {show_lines(str(error))}\nnothing was started", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nnothing was started", err=True)
        return INTERRUPTED
    report = check(cloud, place, options, planned, say)
    if as_json:
        click.echo(escape_unseen(json.dumps(report.document(), indent=2, ensure_ascii=False)))
    else:
        say(f"\n{report.text()}")
    return INTERRUPTED if report.interrupted else int(not report.passed)


def read_options(given: dict[str, Any]) -> Options:
    """The options as they were typed. Raises UsageError for one that cannot be."""
    pairs = given.pop("parameters")
    if unreadable := [text for text in pairs if "=" not in text.strip("=")]:
        raise UsageError(f"--parameter {unreadable[0]}: must be NAME=VALUE.")
    project = given.pop("project") or f"account-check-{secrets.token_hex(3)}"
    check_project(project)
    return Options(
        project=project,
        minutes=given.pop("minutes") or (THOROUGH_MINUTES if given["thorough"] else MINUTES),
        gpu=GPU_INSTANCE if given.pop("gpu") else "",
        settings=read_settings(given.pop("pairs")),
        parameters=dict(text.split("=", 1) for text in pairs),
        **given,
    )


def refuse_what_exists(cloud: Cloud, project: str) -> None:
    """Raise UsageError where anything of this name or tag is there: it would be removed in the end."""
    if there := find_leftovers(cloud, project):
        raise UsageError(f"there is something of {project} already, such as {there[0]}: choose another --project.")


def check(cloud: Cloud, place: Place, options: Options, planned: Estimate, say: Callable[[str], None]) -> Report:
    """Prove, remove, and look whether that is gone; tell how it went in every case."""
    for number in _SIGNALS[1:]:
        signal.signal(number, _interrupt)
    began = time.monotonic()
    results: list[Result] = []
    interrupted = False
    with tempfile.TemporaryDirectory() as folder:
        site = Site(cloud, place, options, Path(folder) / "fasteners", say, Inbox(cloud, place, options.project))
        try:
            prove_all(claims(site), results, lambda result: say(_line(result)))
        except KeyboardInterrupt:
            interrupted = True
            say("\ninterrupted")
        left = _keep(site, say) if options.keep else _clean_up(site, results, say)
    return Report(
        project=options.project,
        account=place.account,
        region=place.region,
        estimate=planned,
        seconds=time.monotonic() - began,
        results=results,
        left=left,
        kept=options.keep,
        interrupted=interrupted,
    )


def _keep(site: Site, say: Callable[[str], None]) -> list[str]:
    """Leave the stack with all that it holds: the queue alone is the check's own."""
    try:
        site.inbox.close()
    except GreenlightError as error:
        say(f"    {error}")
    return []


def _clean_up(site: Site, results: list[Result], say: Callable[[str], None]) -> list[str]:
    """Remove everything, whatever is pressed meanwhile; what is left, which is the last claim's result as well."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    say("  removing what was made; this goes on whatever is pressed")
    began = time.monotonic()
    lines = StackLines(lambda line: say(f"    {line}"))
    left = remove(site.cloud, site.options.project, site.inbox, lines.hear, say)
    status, reason = (FAILED, f"left: {', '.join(left)}") if left else (PROVED, "")
    gone = Result("removal", "nothing is left of it", status, time.monotonic() - began, {}, reason)
    results.append(gone)
    say(_line(gone))
    return left


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _line(result: Result) -> str:
    mark = {PROVED: "✓", FAILED: "✗"}.get(result.status, "·")
    why = f"   {result.reason}" if result.reason else ""
    return f"  {mark} {result.claim:<58} {format_seconds(result.seconds):>12}{why}"


if __name__ == "__main__":
    main(prog_name="account-check")
