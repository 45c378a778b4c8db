"""The commands that choose what of production is worth a label, and bring the labels back as the next data."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.session import PROJECT, Session, confirm, on_project, print_result, user_name
from workflow.contract.plain_text import show_lines
from workflow.errors import UsageError
from workflow.terminal import fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workflow.contract.capture import Captured
    from workflow.labelling.kept import Said
    from workflow.labelling.task import HandedPicture
    from workflow.labelling.worth import Known
    from workflow.stack.outputs import Stack

TOOLS = ("cvat", "label-studio", "ground-truth", "yolo")
SHOWN = 10


@click.group()
def label() -> None:
    """Choose pictures to label, and take labels back."""


@label.command()
@click.option("--count", type=click.IntRange(min=1), required=True, help="Pictures that somebody has time to label.")
@click.option("--for", "tool", type=click.Choice(TOOLS), required=True, help="Tool that the labels are drawn with.")
@click.option("--to", type=click.Path(path_type=Path), help="Folder to write.  [default: .greenlight/label/<time>]")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="Days of production to look at."
)
@click.option("--name", default="", help="Dataset that they are for.  [default: the only one there is]")
@click.option("--against", type=int, metavar="VERSION", help="Ask another approved version, and see where both differ.")
@click.option("--drift", metavar="FILE", help="How far each picture has drifted: pictures.jsonl, here or as s3://….")
@on_project
def pick(
    session: Session,
    project: str,
    as_json: bool,
    count: int,
    tool: str,
    to: Path | None,
    days: int,
    name: str,
    against: int | None,
    drift: str | None,
) -> None:
    """Choose pictures of production whose labels teach most.

    Of what is kept of its requests: those whose answer is unsure or empty, that --against sees otherwise, that have
    drifted, or that somebody called wrong; unlike each other, and none that the dataset has. Writes a folder with the
    pictures, and the model's answers as suggestions for the tool, and says why each was chosen.
    """
    from workflow.contract.feedback import RIGHT
    from workflow.labelling.choice import choose
    from workflow.labelling.forms.tools import TOOLS as KNOWN
    from workflow.labelling.kept import fetch_pictures, list_days, read_feedback, read_kept
    from workflow.labelling.stored import choose_name, fetch_dataset
    from workflow.labelling.task import keep_in_bucket, make_task, write_task

    stack = session.stack(project)
    scores = _read_drift(session, drift) if drift else {}
    now = datetime.now(UTC)
    folder = to or Path(".greenlight/label") / now.strftime("%Y-%m-%dT%H-%M-%S")
    if folder.exists():
        raise UsageError(f"{folder} is there already: name another folder with --to.")
    dataset = choose_name(session.cloud, stack.bucket, name)
    with tempfile.TemporaryDirectory(prefix="greenlight-") as work:
        root, fetched = Path(work, "dataset"), Path(work, "pictures")
        root.mkdir()
        fetched.mkdir()
        stored = fetch_dataset(session.cloud, stack.bucket, dataset, root)
        kept = {one.id: one for one in read_kept(session.cloud, stack.bucket, list_days(now.date(), days))}
        said = read_feedback(session.cloud, stack.bucket)
        new = [one for one in kept.values() if one.id not in stored.ids]
        tell(f"{len(kept):,} pictures are kept of the last {days} days, {len(kept) - len(new):,} of them in {dataset}")
        if not new:
            raise UsageError(
                "nothing to choose from: 'greenlight deploy --parameter CapturePercent=10' keeps a share of what "
                "production is asked from its next release on, and --days looks further back."
            )
        known = [_know(one, scores, said) for one in new]
        if all(one.verdict == RIGHT for one in known):
            raise UsageError("nothing to choose from: somebody called the answer right for every one of them.")
        if against is not None:
            known = _ask_against(session, stack, known, kept, count, against, Path(work))

        def fetch(ids: Sequence[str]) -> Mapping[str, Path]:
            files = fetch_pictures(session.cloud, stack.bucket, [kept[one] for one in ids], fetched)
            # Whoever tries production out asks it about the pictures at hand, and one that is held out must stay so.
            return {identity: file for identity, file in files.items() if not stored.holds(file.read_bytes())}

        chosen = choose(known, count, fetch)
        answers = {one.id: _mend(kept[one.id].answer, said.get(one.id)) for one in chosen}
        keys = {one.id: kept[one.id].picture for one in chosen}
        opened = stored.opened
        handed = make_task(chosen, answers, keys, dataset=dataset, task=opened.task, classes=opened.classes, tool=tool)
        if not handed.pictures:
            raise UsageError(
                f"nothing to label: the pictures are in {dataset}, have expired, or cannot be read or sorted."
            )
        addresses = keep_in_bucket(session.cloud, stack.bucket, handed, folder.name) if KNOWN[tool].in_bucket else {}
        write_task(handed, chosen, folder, addresses)
    document = {
        "folder": str(folder),
        "dataset": dataset,
        "tool": tool,
        "pictures": [{"name": one.name, "kept": one.kept, "why": one.why} for one in handed.pictures],
    }
    print_result(as_json, document, _tell_picked(folder, handed.pictures))
    tell(f"{KNOWN[tool].steps}.")
    export = "" if tool == "yolo" else " EXPORT"
    tell(f"then bring the labels back: greenlight label take {folder}{export}{_named(project)}")


@label.command()
@click.argument("task", type=click.Path(path_type=Path))
@click.argument("export", type=click.Path(path_type=Path), required=False)
@click.option("--yes", is_flag=True, help="Take labels that are all as the model suggested: somebody looked.")
@on_project
def take(session: Session, project: str, as_json: bool, task: Path, export: Path | None, yes: bool) -> None:
    """Take the labels of a task back, as the dataset's next version.

    TASK is the folder that 'pick' wrote, EXPORT what the tool has exported: a file, a folder or a .zip; of YOLO the
    folder itself was labelled. Checks them as any data, adds the pictures to what is trained on, and writes the
    dataset's marker at last, so that a stack that starts upon new data starts.
    """
    from workflow.labelling.adding import prepare_addition, send_addition
    from workflow.labelling.returned import read_returned
    from workflow.labelling.stored import fetch_dataset
    from workflow.labelling.task import read_task

    handed = read_task(task)
    stack = session.stack(project)
    with tempfile.TemporaryDirectory(prefix="greenlight-") as work:
        root = Path(work, "dataset")
        root.mkdir()
        returned = read_returned(handed, task, export, Path(work))
        if not returned.pictures:
            raise UsageError("not one picture of the task is labelled.")
        if returned.untouched(handed):
            confirm(
                yes,
                "every label is what the model suggested, and would teach it its own mistakes. Did somebody look?",
                "nothing was sent.",
            )
        stored = fetch_dataset(session.cloud, stack.bucket, handed.dataset, root)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        addition = prepare_addition(stored, handed, returned, moment)
        send_addition(session.cloud, stack.bucket, stored, addition)
    objects = sum(len(one.objects) for one in returned.pictures)
    address = f"s3://{stack.bucket}/{stored.prefix}"
    document = {
        "dataset": address,
        "pictures": [one.name for one in returned.pictures],
        "objects": objects,
        "unlabelled": list(returned.unlabelled),
    }
    text = f"{addition.pictures:,} pictures with {objects:,} objects → {address}"
    left = f"{len(returned.unlabelled):,} pictures of the task have no label yet, and were left out"
    print_result(as_json, document, "\n".join([text, *([left] if returned.unlabelled else [])]))
    tell(f"train on it: greenlight start --dataset {handed.dataset}{_named(project)}; new data may start it by itself")


def _read_drift(session: Session, file: str) -> dict[str, float]:
    from workflow.contract.names import split_s3_uri
    from workflow.contract.reading import ContractError
    from workflow.labelling.scores import read_scores

    if file.startswith("s3://"):
        try:
            bucket, key = split_s3_uri(file)
        except ContractError as error:
            raise UsageError(f"--drift {file}: {error}") from error
        return read_scores(session.cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read(), file)
    return read_scores(Path(file).read_bytes(), file)


def _mend(answer: Mapping[str, Any], said: Said | None) -> Mapping[str, Any]:
    """The answer, with the boxes that a person has given in the place of the model's."""
    if said is None or said.boxes is None or "classification" in answer:
        return answer
    return {**answer, "detections": [{"score": 1.0, **box} for box in said.boxes]}


def _know(captured: Captured, scores: Mapping[str, float], said: Mapping[str, Said]) -> Known:
    from workflow.labelling.worth import Known

    told = said.get(captured.id)
    return Known(captured.id, captured.answer, drift=scores.get(captured.id), verdict=told.verdict if told else "")


def _ask_against(
    session: Session,
    stack: Stack,
    known: list[Known],
    kept: Mapping[str, Captured],
    count: int,
    version: int,
    work: Path,
) -> list[Known]:
    """What is known, with the other version's answers to those that are worth looking at."""
    from dataclasses import replace

    from workflow.labelling.choice import shortlist
    from workflow.labelling.kept import fetch_pictures
    from workflow.labelling.second import ask_second

    asked = work / "asked"
    asked.mkdir()
    fetch_pictures(session.cloud, stack.bucket, [kept[one] for one in shortlist(known, count)], asked)
    tell(f"version {version} answers {len(list(asked.iterdir())):,} of them, in a batch")
    answers: dict[str, Any] = ask_second(session.cloud, stack, asked, version, user_name())
    return [replace(one, second=answers.get(one.id)) for one in known]


def _tell_picked(folder: Path, handed: Sequence[HandedPicture]) -> str:
    lines = [f"{len(handed):,} pictures → {folder}"]
    lines += [f"  {one.name}  {one.why}" for one in handed[:SHOWN]]
    more = len(handed) - SHOWN
    return "\n".join([*lines, *([f"  and {more:,} more: task.json says why"] if more > 0 else [])])


def _named(project: str) -> str:
    return "" if project == PROJECT else f" --project {project}"


def tell(line: str) -> None:
    """A line for a person, beside what a program reads."""
    click.echo(fit(show_lines(f"  {line}"), sys.stderr), err=True)
