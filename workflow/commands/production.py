"""Commands on what production serves: the releases, the way back, and asking an endpoint."""

from __future__ import annotations

from pathlib import Path

import click

from workflow.commands.session import Session, answer, confirm, on_project, person, watch_to_its_end


@click.command()
@on_project
def releases(session: Session, project: str, as_json: bool) -> None:
    """List what was released, newest first; the live version is marked."""
    from workflow.releases import history
    from workflow.table import table

    found = history(session.cloud, session.stack(project).table)
    rows = [
        (one.version, "live" if one.live else "", f"{one.released:%Y-%m-%d %H:%M} UTC", one.package) for one in found
    ]
    text = table(("VERSION", "", "RELEASED", "MODEL PACKAGE"), rows) if rows else "nothing was released yet."
    answer(as_json, [one.document() for one in found], text)


@click.command()
@click.option("--to", "version", type=int, help="Version to go back to.  [default: the highest below the live one]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--detach", is_flag=True, help="Do not wait for the release to end.")
@on_project
def rollback(session: Session, project: str, as_json: bool, version: int | None, yes: bool, detach: bool) -> int:
    """Release an earlier version again, with all the checks of a release."""
    from workflow.releases import earlier, history, start_release

    stack = session.stack(project)
    target = earlier(history(session.cloud, stack.table), version)
    confirm(yes, f"Put version {target.version} back into production?")
    execution = start_release(
        session.cloud, stack.release_machine_arn, target.package, started_by=person(), why="rollback"
    )
    if not detach:
        return watch_to_its_end(session, stack, execution, as_json)
    document = {"version": target.version, "execution": execution}
    answer(as_json, document, f"started {execution.rpartition(':')[2]}; 'greenlight watch' with that name follows it.")
    return 0


@click.command()
@click.argument("pictures", nargs=-1, required=True)
@click.option("--stage", type=click.Choice(["production", "staging"]), default="production", show_default=True)
@click.option("--draw", type=click.Path(path_type=Path), metavar="FOLDER", help="Write pictures with boxes there.")
@click.option("--confidence", type=click.FloatRange(0, 1), help="Score below which nothing is shown.")
@on_project
def predict(
    session: Session,
    project: str,
    as_json: bool,
    pictures: tuple[str, ...],
    stage: str,
    draw: Path | None,
    confidence: float | None,
) -> None:
    """Ask an endpoint what it sees in PICTURES: files, folders or patterns."""
    from workflow.predict import draw as draw_boxes
    from workflow.predict import find_pictures, targets
    from workflow.predict import predict as ask

    found = find_pictures(pictures)
    stack = session.stack(project)
    endpoint = stack.production_endpoint if stage == "production" else stack.staging_endpoint
    documents = []
    drawings = targets(found, draw or Path())
    for prediction, drawing in zip(ask(session.cloud, endpoint, found, confidence), drawings, strict=True):
        if draw is not None:
            draw_boxes(prediction, drawing)
        documents.append(prediction.document())
        if not as_json:
            click.echo(prediction.text())
    if as_json:
        answer(True, documents, "")
