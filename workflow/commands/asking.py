"""What the commands that ask an endpoint share: which endpoint is meant, and what of all it sees is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.session import Session
from workflow.contract.model import MAXIMUM_DETECTIONS
from workflow.contract.tiles import TILINGS
from workflow.errors import UsageError

if TYPE_CHECKING:
    from workflow.predictions.ask import Wanted


@dataclass(frozen=True)
class Asked:
    """The endpoint, the inference component to ask on it where it is shared, and how many bytes it accepts."""

    endpoint: str
    component: str
    largest: int


def on_endpoint(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which endpoint is asked."""
    for option in (
        click.option(
            "--component", metavar="NAME", help="Ask this inference component of an --endpoint that is shared."
        ),
        click.option("--endpoint", metavar="NAME", help="Ask another endpoint than the project's two."),
        click.option(
            "--stage",
            type=click.Choice(["production", "staging"]),
            default="production",
            show_default=True,
            help="Which of the project's two endpoints to ask.",
        ),
    ):
        command = option(command)
    return command


def with_thresholds(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is shown, and how it is looked for."""
    for option in (
        click.option(
            "--tiles",
            type=click.Choice(TILINGS),
            help="Look at large pictures in tiles as well, where small objects stay as large as they are, or not."
            " Without it as the model does by itself.",
        ),
        click.option(
            "--max-detections", type=click.IntRange(1, MAXIMUM_DETECTIONS), help="Show the best so many only."
        ),
        click.option("--classes", metavar="A,B,…", help="Show these classes only, by name or number."),
        click.option(
            "--iou", type=click.FloatRange(0, 1), help="Overlap from which two boxes of a class count as one."
        ),
        click.option("--confidence", type=click.FloatRange(0, 1), help="Score below which nothing is shown."),
    ):
        command = option(command)
    return command


def read_wanted(
    confidence: float | None, iou: float | None, classes: str | None, max_detections: int | None, tiles: str | None
) -> Wanted:
    """What those options ask for. Raises UsageError for a class that cannot be asked for."""
    from workflow.predictions.ask import Wanted

    names = tuple(name.strip() for name in (classes or "").split(",") if name.strip())
    if classes is not None and not names:
        raise UsageError("--classes: must name at least one class.")
    wanted = Wanted(confidence, iou, names, max_detections, tiles)
    wanted.attributes()
    return wanted


def find_endpoint(session: Session, project: str, stage: str, endpoint: str | None, component: str | None) -> Asked:
    """The endpoint that those options mean. Raises UsageError where it is not there, or not yet."""
    from workflow.predictions.ask import LARGEST_BODY, require_endpoint

    if endpoint is not None:
        return Asked(endpoint, component or "", LARGEST_BODY)
    if component is not None:
        raise UsageError("--component: is asked on an --endpoint; without one the project's own component is.")
    stack = session.stack(project)
    account = stack.production_account if stage == "production" else stack.staging_account
    if account:
        raise UsageError(
            f"{stage} is in the account {account}: call with its credentials, and --endpoint {project}-{stage}."
        )
    endpoint = stack.production_endpoint if stage == "production" else stack.staging_endpoint
    component = stack.production_component if stage == "production" else ""
    return Asked(endpoint, component, require_endpoint(session.cloud, endpoint, stage, component))
