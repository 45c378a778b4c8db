"""Commands on what production serves: the releases, and the way back."""

from __future__ import annotations

import sys

import click

from workflow.commands.session import Session, confirm, on_project, print_result, user_name, watch_to_its_end
from workflow.contract.plain_text import show_plain


@click.command()
@on_project
def releases(session: Session, project: str, as_json: bool) -> None:
    """List what was released and who approved it, newest first.

    The live version is marked. Where production serves something else, which no release recorded, that
    is said on standard error.
    """
    from workflow.runs.releases import find_foreign, list_releases
    from workflow.table import fit_table, shorten
    from workflow.terminal import columns_of

    stack = session.stack(project)
    found = list_releases(session.cloud, stack.table)
    rows = [
        (
            one.version,
            ("live, by batches" if one.by_batches else "live") if one.live else "",
            f"{one.released:%Y-%m-%d %H:%M} UTC",
            "unknown" if one.approval is None else shorten(one.approval.names()),
            one.package,
        )
        for one in found
    ]
    head = ("VERSION", "", "RELEASED", "APPROVED BY", "MODEL PACKAGE")
    text = fit_table(head, rows, columns_of(sys.stdout)) if rows else "nothing was released yet."
    for one in found:
        if one.skipped_by:
            text += (
                f"\nversion {one.version}: the question before production was skipped by {show_plain(one.skipped_by)}"
            )
    print_result(as_json, [one.document() for one in found], text)
    foreign = find_foreign(
        *(session.cloud, stack.table, stack.release_machine_arn, stack.production_endpoint),
        component=stack.production_component,
        elsewhere=bool(stack.production_account),
    )
    if foreign:
        click.echo(f"{show_plain(foreign)}.", err=True)


@click.command()
@click.option("--to", "version", type=int, help="Version to go back to.  [default: the highest below the live one]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--detach", is_flag=True, help="Do not wait for the release to end.")
@on_project
def rollback(session: Session, project: str, as_json: bool, version: int | None, yes: bool, detach: bool) -> int:
    """Release an earlier version again, checked like any release."""
    from workflow.runs.releases import choose_earlier, list_releases, start_release

    stack = session.stack(project)
    target = choose_earlier(list_releases(session.cloud, stack.table), version)
    confirm(yes, f"Put version {target.version} back into production?", "production goes on serving what it serves.")
    execution = start_release(
        session.cloud, stack.release_machine_arn, target.package, started_by=user_name(), why="rollback"
    )
    if not detach:
        return watch_to_its_end(session, stack, execution, as_json)
    document = {"version": target.version, "execution": execution}
    print_result(
        as_json, document, f"started {execution.rpartition(':')[2]}; 'greenlight watch' with that name follows it."
    )
    return 0
