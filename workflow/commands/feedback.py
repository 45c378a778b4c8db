"""The command that says whether answers of production were right, and shows what production is worth by that."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.session import Session, on_project, print_result
from workflow.contract.feedback import VERDICTS
from workflow.contract.plain_text import show_lines
from workflow.errors import UsageError

if TYPE_CHECKING:
    from workflow.contract.feedback_figures import FeedbackFigures

HEAD = ("WEEK", "VERSION", "ANSWERS", "RIGHT", "BOXED", "PRECISION", "RECALL")


@click.command()
@click.argument("answer", required=False, metavar="[ID]")
@click.argument("verdict", required=False, type=click.Choice(VERDICTS))
@click.option(
    "--boxes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='Give the right boxes instead: JSON as answers write it, [{"class": "nut", "box": [left, top, right, '
    "bottom]}] in pixels; [] says that there is nothing.",
)
@click.option(
    "--from",
    "listed",
    type=click.File("r", encoding="utf-8-sig"),
    metavar="FILE",
    help='Say all that a list says, a line each: "ID right", or JSON with inference_id, and verdict or boxes; - reads '
    "standard input.",
)
@click.option("--by", default="", metavar="NAME", help="For whom it is said, beside who calls.")
@click.option("--for", "run", metavar="RUN", help="Have that run's report show the figures beside production's others.")
@click.option("--days", type=click.IntRange(1, 3650), help="Show the figures of answers of so many days only.")
@on_project
def feedback(
    session: Session,
    project: str,
    as_json: bool,
    answer: str | None,
    verdict: str | None,
    boxes: Path | None,
    listed: Any,
    by: str,
    run: str | None,
    days: int | None,
) -> int:
    r"""Say whether answers were right, or show how many were.

    \b
      greenlight feedback ID right               ID is what 'greenlight predict' shows, or inference_id
      greenlight feedback ID --boxes right.json  these are the right boxes
      greenlight feedback --from list.txt        a line each
      greenlight feedback                        what production is worth by what was said

    The same person's word replaces an earlier one. Ends with 1 where something could not be kept.
    """
    from workflow.feedback.saying import name_caller, say_all

    stack = session.stack(project)
    said = _read(answer, verdict, boxes, listed)
    if not said:
        if by:
            raise UsageError("--by: says nothing without an answer's ID and right, wrong or --boxes.")
        return _show(session, stack.bucket, stack.table, as_json, days, run)
    if days is not None or run:
        raise UsageError(f"--{'for' if run else 'days'}: is about figures; give it without an answer's ID.")
    if not stack.feedback_function:
        raise UsageError(f"the stack {project} is from before feedback: bring it up to date with 'greenlight deploy'.")
    documents, failed = [], False
    for one in say_all(session.cloud, stack.feedback_function, said, name_caller(session.cloud, by)):
        documents.append(one.document())
        failed = failed or bool(one.error)
        if not as_json:
            click.echo(show_lines(one.text()), err=bool(one.error))
    if as_json:
        print_result(True, documents, "")
    return 1 if failed else 0


def _read(answer: str | None, verdict: str | None, boxes: Path | None, listed: Any) -> list[dict[str, Any]]:
    """What is to be said; nothing where figures are asked for. Raises UsageError."""
    from workflow.feedback.saying import read_boxes, read_list

    if listed is not None:
        if answer or boxes:
            raise UsageError("--from: says it all; give no ID and no --boxes beside it.")
        return read_list(listed, listed.name)
    if answer is None:
        if boxes:
            raise UsageError("--boxes: needs the ID of the answer before it.")
        return []
    if (verdict is None) == (boxes is None):
        raise UsageError(f"{answer}: say right or wrong, or give the right boxes with --boxes FILE.")
    if boxes is not None:
        return [{"inference_id": answer, "boxes": read_boxes(boxes)}]
    return [{"inference_id": answer, "verdict": verdict}]


def _show(session: Session, bucket: str, table: str, as_json: bool, days: int | None, run: str | None) -> int:
    from workflow.feedback.figures import give_to_run, read_figures, served_versions

    found = read_figures(session.cloud, bucket, days=days, now=datetime.now(UTC))
    versions = served_versions(session.cloud, table) if found.models else {}
    if run:
        place = give_to_run(session.cloud, bucket, run, found)
        click.echo(f"the report of {run} will show them, where it is not written yet: {place}", err=True)
    print_result(as_json, {**found.document(), "versions": versions}, _table(found, versions))
    return 0


def _table(found: FeedbackFigures, versions: dict[str, int]) -> str:
    from workflow.feedback.figures import rows
    from workflow.table import fit_table
    from workflow.terminal import columns_of

    if not found.models:
        return "nobody said anything of an answer yet: 'greenlight feedback ID right' or wrong, by what predict shows."
    lines = [*rows(found.models, versions), *rows(found.weeks, versions)]
    return fit_table(HEAD, lines, columns_of(sys.stdout))
