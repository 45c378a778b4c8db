"""Commands on data and runs: upload, start, watch."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from workflow.commands.session import (
    PROJECT,
    Session,
    confirm,
    on_project,
    print_result,
    user_name,
    watch_to_its_end,
)
from workflow.contract.plain_text import show_lines
from workflow.contract.way_on import EXAMPLE, spell
from workflow.errors import UsageError
from workflow.terminal import fit

FOUND = Path(".greenlight/upload")
"""Where what was found in data stays, in a folder for each."""

DATA_KEYS = ("task", "format", "policy", "group_pattern", "seed", "image_size", "max_detections", "tiles")
"""Keys of a run's input that decide how data is read."""

with_policy = click.option(
    "--policy",
    default="",
    metavar="KIND=POLICY,…",
    help=f"What is done about what is wrong with the data, such as {EXAMPLE}; drop leaves out all that can be.",
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the dataset in the bucket.  [default: the folder's]")
@click.option("--weights", type=click.Path(path_type=Path), help="Upload pretrained weights (.pt) as well.")
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="What the run's input will say of the data: task, format, group_pattern, seed, image_size, tiles or"
    " max_detections.",
)
@click.option("--yes", is_flag=True, help="Remove without a question what the name holds and the folder does not.")
@with_policy
@on_project
def upload(
    session: Session,
    project: str,
    as_json: bool,
    folder: Path,
    name: str | None,
    weights: Path | None,
    pairs: tuple[str, ...],
    yes: bool,
    policy: str,
) -> None:
    """Check labelled images and upload what changed.

    FOLDER is a folder or a .zip, in any format that the README lists. Every picture is read and copies between splits
    are found here, as the run will, where what that needs is installed.
    """
    from workflow.datasets.account import tell_prepared, tell_recognised
    from workflow.datasets.check import read_dataset, require_folder
    from workflow.datasets.preparation import MISSING, find_interpreter, prepare_here
    from workflow.datasets.upload import check_weights, upload_dataset, upload_weights
    from workflow.runs.start import read_settings

    own = check_data_settings(read_settings(pairs, policy=policy))
    require_folder(folder)
    stack = session.stack(project)
    demands = session.demands(project)
    settings = {**{key: value for key, value in demands.defaults.items() if key in DATA_KEYS}, **own}
    for line in demands.tell_loosened(settings):
        tell(line)
    said = [part for pair in pairs if not pair.startswith("policy") for part in ("--set", pair)]
    also = {"--name": name, "--weights": weights, "--project": project if project != PROJECT else None}
    named = [part for option, value in also.items() if value for part in (option, str(value))]
    again = shlex.join(["greenlight", "upload", str(folder), *named, *said]) + " --policy {policy}"
    read = {key: settings[key] for key in ("task", "format", "policy") if key in settings}
    dataset = read_dataset(folder, **read, again=again, judged_later=find_interpreter() is not None)
    if weights is not None:
        check_weights(weights, dataset.task)
    for line in tell_recognised(dataset):
        tell(line)
    kept = FOUND / dataset.name
    report = prepare_here(dataset, settings, again, kept, tell)
    for line in [MISSING] if report is None else tell_prepared(report, kept):
        tell(line)
    name = name or dataset.name

    def ask_to_remove(gone: Sequence[str]) -> None:
        held = (
            f"{name} holds {len(gone):,} file{'' if len(gone) == 1 else 's'} that {folder} does not, such as {gone[0]}."
        )
        confirm(yes, f"{held} Remove them?", "nothing was uploaded, and nothing removed.")

    with click.progressbar(
        length=len(dataset.files), label="  uploading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        done = upload_dataset(
            session.cloud, stack.bucket, dataset, name, lambda at, _: bar.update(at - bar.pos), ask_to_remove
        )
    weights_uri = upload_weights(session.cloud, stack.bucket, weights) if weights else ""
    document = {
        "dataset": done.uri,
        "weights": weights_uri,
        "classes": list(dataset.classes),
        "images": dataset.splits,
        "objects": dataset.objects,
        "sent": done.sent,
        "unchanged": done.unchanged,
        "removed": done.removed,
    }
    text = f"{dataset.text()} → {done.uri} ({done.sent} files sent, {done.unchanged} unchanged, {done.removed} removed)"
    print_result(as_json, document, text + (f"\nweights → {weights_uri}" if weights_uri else ""))
    started = {"--project": project if project != PROJECT else None, "--policy": spell(own.pop("policy", {}))}
    words = [part for option, value in started.items() if value for part in (option, value)]
    words += [part for key, value in own.items() for part in ("--set", f"{key}={value}")]
    words += ["--set", f"weights={weights_uri}"] if weights_uri else []
    tell(f"train on it: {shlex.join(['greenlight', 'start', '--dataset', name, *words])}")


def tell(line: str) -> None:
    """A line for a person, beside what a program reads."""
    click.echo(fit(show_lines(f"  {line}"), sys.stderr), err=True)


def check_data_settings(given: dict[str, Any]) -> dict[str, Any]:
    """The settings, provided that all of them are about how data is read. Raises UsageError naming another."""
    for key in given:
        if key not in DATA_KEYS:
            raise UsageError(f"--set {key}: an upload looks at how data is read; give {key} to the start.")
    return given


class WithInputKeys(click.Command):
    """A command whose help ends with the keys of a run's input."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them by what they are about."""
        from workflow.commands.input_keys import list_keys

        for title, keys in list_keys():
            with formatter.section(title):
                formatter.write_dl(keys)


@click.command(cls=WithInputKeys)
@click.option("--dataset", help="S3 address, or the name of an uploaded dataset.")
@click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A key of the input, such as epochs=20; all are below."
)
@click.option("--input", "document", type=click.File(), help="JSON file with keys of the input; - for a pipe.")
@click.option(
    "--like", metavar="RUN", default="", help="Start from the input of this run; whatever else is given overrides it."
)
@click.option("--name", default="", help="Name of the run.  [default: the time]")
@click.option("--force", is_flag=True, help="Build even when nothing changed.")
@with_policy
@click.option("--watch", "follow", is_flag=True, help="Watch it until it ends.")
@on_project
def start(
    session: Session,
    project: str,
    as_json: bool,
    dataset: str | None,
    pairs: tuple[str, ...],
    document: Any,
    like: str,
    name: str,
    force: bool,
    policy: str,
    follow: bool,
) -> int:
    """Start a run: prepare, train, evaluate, gate, ask, release."""
    from workflow.runs.lookup import find_execution
    from workflow.runs.start import input_of, read_settings, require_dataset, start_run
    from workflow.stack.quotas import check_quotas
    from workflow.stack.sources import tell_outside

    given = read_settings(pairs, document.read() if document else "", policy)
    stack = session.stack(project)
    if like:
        given = input_of(session.cloud, find_execution(session.cloud, (stack.build_machine_arn,), like)) | given
    if dataset:
        given["dataset"] = dataset if dataset.startswith("s3://") else f"s3://{stack.bucket}/datasets/{dataset}/"
    if force:
        given["force"] = True
    given.setdefault("started_by", user_name())
    require_dataset(session.cloud, stack.bucket, given)
    unknown = check_quotas(session.cloud, project, given)
    for line in (*([unknown] if unknown else []), *tell_outside(session.cloud, stack, given)):
        tell(line)
    execution = start_run(session.cloud, stack.build_machine_arn, given, name)
    if follow:
        return watch_to_its_end(session, stack, execution, as_json)
    started = execution.rpartition(":")[2]
    print_result(
        as_json, {"run": started, "execution": execution}, f"started {started}; 'greenlight watch' follows it."
    )
    return 0


@click.command()
@click.argument("run", default="")
@on_project
def watch(session: Session, project: str, as_json: bool, run: str) -> int:
    """Watch a RUN, by default the newest, until it ends.

    The exit code tells how it ended: 0 well, 1 otherwise.
    """
    from workflow.runs.lookup import find_execution

    stack = session.stack(project)
    execution = find_execution(session.cloud, stack.machines, run)
    return watch_to_its_end(session, stack, execution, as_json)
