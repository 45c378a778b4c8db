"""The command that asks an endpoint about pictures: what it sees, how long it takes, drawn if wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.asking import Asked, find_endpoint, on_endpoint, read_wanted, with_thresholds
from workflow.commands.session import Session, on_project, print_result
from workflow.contract.plain_text import show_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflow.predictions.ask import Wanted
    from workflow.predictions.prediction import Prediction

JOBS = 4
MOST_JOBS = 16
"""As many as a client keeps connections."""
_WIDEST_NAME = 60


@click.command()
@click.argument("pictures", nargs=-1, required=True)
@on_endpoint
@click.option(
    "--draw", type=click.Path(path_type=Path), metavar="FOLDER", help="Write drawings of what was seen there."
)
@with_thresholds
@click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), default=JOBS, show_default=True, help="Requests at one time."
)
@on_project
def predict(
    session: Session,
    project: str,
    as_json: bool,
    pictures: tuple[str, ...],
    stage: str,
    endpoint: str | None,
    component: str | None,
    draw: Path | None,
    confidence: float | None,
    iou: float | None,
    classes: str | None,
    max_detections: int | None,
    tiles: str | None,
    jobs: int,
) -> int:
    """Ask an endpoint what it detects in PICTURES.

    PICTURES are files, folders or patterns. Each line ends with the answer's id, by which 'greenlight feedback' says
    whether it was right. Ends with 1 when it failed for a picture; the others are answered all
    the same.
    """
    from workflow.predictions.pictures import find_pictures, place_drawings

    wanted = read_wanted(confidence, iou, classes, max_detections, tiles)
    found = find_pictures(pictures, draw)
    drawings = {} if draw is None else place_drawings(found, draw)
    asked = find_endpoint(session, project, stage, endpoint, component)
    return Asking(session, asked, found, as_json).run(wanted, jobs, _make_drawer(drawings))


def _make_drawer(drawings: dict[Path, Path]) -> Callable[[Prediction], None]:
    def draw(prediction: Prediction) -> None:
        if prediction.file in drawings:
            from workflow.predictions.drawing import draw as draw_prediction

            draw_prediction(prediction, drawings[prediction.file])

    return draw


def _tell_once(tell: Callable[[], None]) -> Callable[[], None]:
    """The same, of several threads the first alone."""
    untold = [tell]

    def once() -> None:
        with suppress(IndexError):
            untold.pop()()

    return once


class Asking:
    """One call of the command: a line for each picture, a bar on a terminal, the sum at the end."""

    def __init__(self, session: Session, asked: Asked, pictures: list[Path], as_json: bool) -> None:
        """Nothing is asked yet."""
        self._session = session
        self._asked = asked
        self._pictures = pictures
        self._as_json = as_json
        self._width = min(_WIDEST_NAME, max(len(str(picture)) for picture in pictures))

    def run(self, wanted: Wanted, jobs: int, then: Callable[[Prediction], None]) -> int:
        """Ask about every picture. What is known when it is interrupted or breaks off is printed all the same."""
        from workflow.predictions.ask import Failure, predict
        from workflow.predictions.queued import find_queue
        from workflow.predictions.tally import Tally

        tally, documents = Tally(), []
        began = time.monotonic()
        try:
            with self._bar() as (say, step):
                once = _tell_once(
                    lambda: say(f"{self._asked.endpoint} takes its time: the queue, or an instance's start.", True)
                )
                queue = find_queue(self._session.cloud, self._asked.endpoint, once)
                for outcome in predict(
                    *(self._session.cloud, self._asked.endpoint, self._pictures, wanted),
                    at_once=jobs,
                    largest=self._asked.largest,
                    then=then,
                    how=queue.ask if queue else None,
                    component=self._asked.component,
                ):
                    tally.add(outcome)
                    documents.append(outcome.document())
                    if isinstance(outcome, Failure):
                        say(show_lines(f"{outcome.file}: {outcome.reason}"), True)
                    elif not self._as_json:
                        say(show_lines(self._line(outcome)), False)
                    step()
        finally:
            if self._as_json and documents:
                print_result(True, documents, "")
            if len(documents) > 1:
                click.echo(show_lines(tally.text(time.monotonic() - began)), err=self._as_json)
            elif not self._as_json and tally.models():
                click.echo(show_lines(tally.models()))
        return 1 if tally.failed else 0

    def _line(self, prediction: Prediction) -> str:
        name = f"  {prediction.inference_id}" if prediction.inference_id else ""
        return f"{prediction.file!s:<{self._width}}  {prediction.milliseconds:>6.0f} ms  {prediction.text()}{name}"

    @contextmanager
    def _bar(self) -> Iterator[tuple[Callable[[str, bool], None], Callable[[], None]]]:
        """How to say a line (on standard error where it is a failure) and how to count a picture."""
        if len(self._pictures) < 2 or not sys.stderr.isatty():
            yield (lambda text, failed: click.echo(text, err=failed)), (lambda: None)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns: list[Any] = [TimeRemainingColumn(), TextColumn("left"), BarColumn(), MofNCompleteColumn()]
        columns.append(TextColumn(self._asked.endpoint))
        console = Console(stderr=True, highlight=False)
        with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
            task = progress.add_task("", total=len(self._pictures))

            def say(text: str, failed: bool) -> None:
                if failed or sys.stdout.isatty():
                    # Above the bar, which is drawn on the same terminal.
                    console.print(text, markup=False, soft_wrap=True)
                else:
                    click.echo(text)

            yield say, lambda: progress.advance(task)
