"""The command that asks an endpoint about pictures: what it sees, how long it takes, drawn if wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.session import Session, on_project, print_result
from workflow.contract.model import MAXIMUM_DETECTIONS
from workflow.contract.plain_text import show_lines
from workflow.contract.tiles import TILINGS
from workflow.errors import UsageError

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
@click.option(
    "--stage",
    type=click.Choice(["production", "staging"]),
    default="production",
    show_default=True,
    help="Which of the project's two endpoints to ask.",
)
@click.option("--endpoint", metavar="NAME", help="Ask another endpoint than the project's two.")
@click.option("--component", metavar="NAME", help="Ask this inference component of an --endpoint that is shared.")
@click.option(
    "--draw", type=click.Path(path_type=Path), metavar="FOLDER", help="Write drawings of what was seen there."
)
@click.option("--confidence", type=click.FloatRange(0, 1), help="Score below which nothing is shown.")
@click.option("--iou", type=click.FloatRange(0, 1), help="Overlap from which two boxes of a class count as one.")
@click.option("--classes", metavar="A,B,…", help="Show these classes only, by name or number.")
@click.option("--max-detections", type=click.IntRange(1, MAXIMUM_DETECTIONS), help="Show the best so many only.")
@click.option(
    "--tiles",
    type=click.Choice(TILINGS),
    help="Look at large pictures in tiles as well, where small objects stay as large as they are, or not."
    " Without it as the model does by itself.",
)
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
    from workflow.predictions.ask import LARGEST_BODY, Wanted
    from workflow.predictions.pictures import find_pictures, place_drawings

    names = tuple(name.strip() for name in (classes or "").split(",") if name.strip())
    if classes is not None and not names:
        raise UsageError("--classes: must name at least one class.")
    wanted = Wanted(confidence, iou, names, max_detections, tiles)
    wanted.attributes()
    found = find_pictures(pictures, draw)
    drawings = {} if draw is None else place_drawings(found, draw)
    largest = LARGEST_BODY
    if component is not None and endpoint is None:
        raise UsageError("--component: is asked on an --endpoint; without one the project's own component is.")
    if endpoint is None:
        from workflow.predictions.ask import require_endpoint

        stack = session.stack(project)
        account = stack.production_account if stage == "production" else stack.staging_account
        if account:
            raise UsageError(
                f"{stage} is in the account {account}: call with its credentials, and --endpoint {project}-{stage}."
            )
        endpoint = stack.production_endpoint if stage == "production" else stack.staging_endpoint
        component = stack.production_component if stage == "production" else ""
        largest = require_endpoint(session.cloud, endpoint, stage, component)
    return Asking(session, endpoint, found, as_json, largest, component or "").run(wanted, jobs, _make_drawer(drawings))


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

    def __init__(
        self,
        session: Session,
        endpoint: str,
        pictures: list[Path],
        as_json: bool,
        largest: int,
        component: str = "",
    ) -> None:
        """Nothing is asked yet; ``largest`` is how many bytes the endpoint accepts.

        ``component`` is the one to ask on an endpoint that is shared.
        """
        self._largest = largest
        self._component = component
        self._session = session
        self._endpoint = endpoint
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
                    lambda: say(f"{self._endpoint} takes its time: the queue, or an instance's start.", True)
                )
                queue = find_queue(self._session.cloud, self._endpoint, once)
                for outcome in predict(
                    *(self._session.cloud, self._endpoint, self._pictures, wanted),
                    at_once=jobs,
                    largest=self._largest,
                    then=then,
                    how=queue.ask if queue else None,
                    component=self._component,
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
        columns.append(TextColumn(self._endpoint))
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
