"""The command that has an endpoint follow what is in a video: a line for each frame, tracks, or the video drawn on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from workflow.commands.asking import find_endpoint, on_endpoint, read_wanted, with_thresholds
from workflow.commands.session import Session, on_project, print_result
from workflow.contract.plain_text import escape_unseen
from workflow.errors import UsageError


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@on_endpoint
@click.option(
    "--drawn",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the video with what was seen drawn on it there, .webm or .mp4, and print no lines.",
)
@with_thresholds
@on_project
def track(
    session: Session,
    project: str,
    as_json: bool,
    video: Path,
    stage: str,
    endpoint: str | None,
    component: str | None,
    drawn: Path | None,
    confidence: float | None,
    iou: float | None,
    classes: str | None,
    max_detections: int | None,
    tiles: str | None,
) -> int:
    """Follow what an endpoint detects through VIDEO.

    VIDEO is an MP4, MOV, WebM, Matroska or AVI file, and is sent whole: 6 MB at most where the endpoint answers at
    once, larger where it answers asynchronously. On a terminal the tracks are printed; in a pipe, or with --json, a
    line of JSON for each frame.
    """
    from workflow.predictions.followed import read_followed
    from workflow.predictions.queued import find_queue
    from workflow.predictions.videos import LINES, Follower, Video

    accept = LINES if drawn is None else _drawn_form(video, drawn)
    wanted = read_wanted(confidence, iou, classes, max_detections, tiles)
    found = Video.find(video)
    asked = find_endpoint(session, project, stage, endpoint, component)
    with _progress(f"{asked.endpoint} follows {video.name} ({found.size / 1e6:.1f} MB)") as say:
        queue = find_queue(
            session.cloud, asked.endpoint, lambda: say(f"{asked.endpoint} takes its time with {video.name}")
        )
        follower = Follower(session.cloud, asked.endpoint, asked.largest, asked.component, queue)
        answer = follower.follow(found, accept, wanted)
    if drawn is not None:
        drawn.parent.mkdir(parents=True, exist_ok=True)
        drawn.write_bytes(answer)
        told = {"file": str(video), "drawn": str(drawn), "bytes": len(answer)}
        print_result(as_json, told, f"{drawn}: {len(answer) / 1e6:.1f} MB, with what was seen in {video}")
        return 0
    followed = read_followed(asked.endpoint, answer)
    if as_json or not sys.stdout.isatty():
        for line in followed.lines:
            click.echo(escape_unseen(line))
    else:
        print_result(False, None, followed.text())
    return 0


def _drawn_form(video: Path, drawn: Path) -> str:
    """The media type of the drawn video. Raises UsageError for a name that says none, or is the video's own."""
    from workflow.predictions.videos import DRAWN

    form = DRAWN.get(drawn.suffix.lower())
    if form is None:
        raise UsageError(f"--drawn {drawn}: must end with {' or '.join(DRAWN)}.")
    if drawn.resolve() == video.resolve():
        raise UsageError(f"--drawn {drawn}: would replace the video itself.")
    return form


@contextmanager
def _progress(text: str) -> Iterator[Callable[[str], None]]:
    """On a terminal a line with the time that has passed; how to say something else in it, or below it elsewhere."""
    if not sys.stderr.isatty():
        yield lambda said: click.echo(f"{said}: the queue, or an instance's start.", err=True)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as progress:
        task = progress.add_task(text, total=None)
        yield lambda said: progress.update(task, description=said)
