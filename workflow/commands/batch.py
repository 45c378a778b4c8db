"""The command that has a whole folder of pictures answered, without an endpoint."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflow.commands.following import follow_to_its_end, tell_its_end
from workflow.commands.session import Session, on_project, print_result, user_name
from workflow.contract.batch import MOST_INSTANCES
from workflow.errors import UsageError

if TYPE_CHECKING:
    from workflow.runs.watch import View
    from workflow.stack.outputs import Stack

ANSWERING = "Answer every picture"
"""The state during which it is worth counting."""
COUNT_SECONDS, COUNT_SECONDS_HERE = 30.0, 1.0
"""Pause between two counts of the answers: S3 lists a thousand at a time."""


@click.command()
@click.argument("pictures")
@click.option("--version", type=int, help="Version that answers, if somebody approved it.  [default: production's]")
@click.option("--instance", default="", metavar="TYPE", help="Instance type.  [default: the version's own]")
@click.option(
    "--instances",
    type=click.IntRange(1, MOST_INSTANCES),
    default=1,
    show_default=True,
    help="Instances that share the pictures.",
)
@click.option("--detach", is_flag=True, help="Do not wait for the answers.")
@on_project
def batch(
    session: Session,
    project: str,
    as_json: bool,
    pictures: str,
    version: int | None,
    instance: str,
    instances: int,
    detach: bool,
) -> int:
    """Have a whole folder of pictures answered, without an endpoint.

    PICTURES is a folder of this machine, which is uploaded first, or s3://bucket/prefix. Only a version that
    somebody approved answers. Leaves tables of what was found and of what was refused and why, and a page, and
    says where. Ctrl-C stops the job.
    """
    from workflow.batches.outcome import read_outcome
    from workflow.batches.start import Wanted, name_batch, package_of, start_batch

    stack = session.stack(project)
    if not stack.batch_machine_arn:
        raise UsageError(f"the stack {project} is from before there were batches: 'greenlight deploy' adds them.")
    package = "" if version is None else package_of(stack, version)
    name = name_batch(datetime.now(UTC))
    uri = pictures if pictures.startswith("s3://") else _upload(session, stack, pictures, name)
    wanted = Wanted(package, instance, instances, user_name())
    execution = start_batch(session.cloud, stack.batch_machine_arn, uri, name, wanted)
    if detach:
        print_result(
            as_json, {"run": name, "execution": execution}, f"started {name}; 'greenlight watch {name}' follows it."
        )
        return 0
    view = _watch(session, stack, execution, as_json)
    return tell_its_end(stack, view, as_json, lambda: read_outcome(session.cloud, view.execution))


def _upload(session: Session, stack: Stack, folder: str, name: str) -> str:
    from workflow.batches.start import upload_pictures

    path = Path(folder)
    if not path.is_dir():
        raise UsageError(f"{folder}: there is no such folder. Name one, or an address s3://bucket/prefix.")
    counted = 0

    def progress(done: int, total: int) -> None:
        nonlocal counted
        if done == total or done >= counted + 500:
            counted = done
            click.echo(f"uploaded {done:,} of {total:,} pictures", err=True)

    return upload_pictures(session.cloud, stack.bucket, path, name, progress)


def _watch(session: Session, stack: Stack, execution: str, as_json: bool) -> View:
    """Draw the batch until it ended, with how many pictures are answered."""
    from workflow.batches.outcome import count_answers
    from workflow.runs.steering import name_of

    pause = COUNT_SECONDS_HERE if session.cloud.local else COUNT_SECONDS
    counted_at, note = -pause, ""

    def count(view: View) -> View:
        nonlocal counted_at, note
        last = view.rows[-1] if view.rows else None
        if last is None or last.name != ANSWERING or view.outcome is not None:
            return view
        if time.monotonic() >= counted_at + pause:
            note = f"{count_answers(session.cloud, stack.bucket, name_of(execution)):,} answered"
            counted_at = time.monotonic()
        return replace(view, rows=(*view.rows[:-1], replace(last, note=note)))

    return follow_to_its_end(session, stack, execution, as_json, count)
