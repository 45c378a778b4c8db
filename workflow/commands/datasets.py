"""The command on the data of runs: its versions, what differs between two, and who learned from a picture."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.session import Session, on_project, print_result
from workflow.contract.plain_text import show_plain
from workflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workflow.contract.dataset_manifest import Changes, ManifestPicture
    from workflow.datasets.index import Dataset, Use
    from workflow.datasets.manifests import Holding, Wanted


@click.command()
@click.argument("versions", nargs=-1, metavar="[A B]")
@click.option("--picture", metavar="NAME", help="Find who learned from a picture: its name, SHA-256 or file.")
@click.option("--model", metavar="VERSION", help="Find the data of a model: its number, or an answer's model_digest.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many pictures of each kind to name."
)
@on_project
def datasets(
    session: Session,
    project: str,
    as_json: bool,
    versions: tuple[str, ...],
    picture: str | None,
    model: str | None,
    limit: int,
) -> None:
    """List the versions of datasets, or compare two of them.

    A version is named by the digest of its pictures, labels and splits, as it was prepared; two runs of the same data
    share one. A and B are such digests, of which the first digits do, or names of runs. --picture tells every version,
    run and model that learned from a picture (train), was chosen by it (validation) or was judged on it (test), and
    whether production serves such a one. --model leads from a model, or from an endpoint's answer, back to its data.

    A run has an earlier version once more by 'greenlight start --set dataset_version=DIGEST'.
    """
    from workflow.datasets.index import choose_dataset, choose_model, read_datasets
    from workflow.datasets.manifests import NoManifestError, compare_datasets, find_picture, want
    from workflow.runs.releases import list_releases

    if sum((bool(versions), picture is not None, model is not None)) > 1:
        raise UsageError("give two versions, --picture or --model, one of the three.")
    if picture is not None and not picture.strip("/"):
        raise UsageError("--picture takes a name, a SHA-256 or a file: greenlight datasets --picture photo.jpg")
    if len(versions) not in (0, 2):
        raise UsageError(
            "a comparison takes two versions, by digests or runs: greenlight datasets A B\n"
            "  'greenlight datasets' lists what there is."
        )
    stack = session.stack(project)
    releases = list_releases(session.cloud, stack.table)
    found = read_datasets(session.cloud, stack, releases[0].package if releases else "")
    if model is not None:
        dataset, use = choose_model(found, model)
        print_result(as_json, {**use.document(), "dataset": dataset.document()}, _tell_model(dataset, use))
    elif picture is not None:
        wanted = want(picture)
        holding, unknown = find_picture(session.cloud, found, wanted)
        document = {
            "sha256": wanted.sha256,
            "name": wanted.name,
            "versions": [one.document() for one in holding],
            "serving": sorted({version for one in holding for version in one.dataset.live}),
            "not_searched": [one.digest for one in unknown],
        }
        print_result(as_json, document, _tell_picture(wanted, holding, unknown))
    elif versions:
        before, after = (choose_dataset(found, one) for one in versions)
        try:
            changes = compare_datasets(session.cloud, before, after)
        except NoManifestError as error:
            told = {"before": before.document(), "after": after.document(), "compared": False, "why": str(error)}
            text = f"{_table([before, after])}\n{error}\nWhich pictures differ is not known."
            print_result(as_json, told, text)
        else:
            print_result(as_json, _describe(before, after, changes), _tell_changes(before, after, changes, limit))
    else:
        text = _table(found) if found else "no run has prepared a dataset yet: 'greenlight start' starts one."
        print_result(as_json, [one.document() for one in found], text)


def _table(found: Sequence[Dataset]) -> str:
    from workflow.contract.dataset_report import SPLITS
    from workflow.datasets.index import SHORT
    from workflow.table import fit_table, shorten
    from workflow.terminal import columns_of

    head = ("DATASET", "DIGEST", "TRAIN", "VALIDATION", "TEST", "FIRST USED (UTC)", "LAST USED (UTC)")
    rows = [
        (
            one.name,
            one.digest[:SHORT],
            *((one.kept.pictures.get(split, 0) for split in SPLITS) if one.kept else ("", "", "")),
            f"{one.first:%Y-%m-%d %H:%M}",
            f"{one.last:%Y-%m-%d %H:%M}",
            len(one.uses),
            _numbers(one.models),
            "yes" if one.live else "",
            shorten(_classes(one)) if one.kept else "no manifest: from before there were any",
        )
        for one in found
    ]
    return fit_table((*head, "RUNS", "VERSIONS", "LIVE", "CLASSES"), rows, columns_of(sys.stdout))


def _tell_model(dataset: Dataset, use: Use) -> str:
    serves = "production serves it" if use.live else "production does not serve it"
    return "\n".join(
        (
            f"model    version {use.version}, digest {use.model_digest}; {serves}",
            f"run      {use.run}, {use.used:%Y-%m-%d %H:%M} UTC",
            f"dataset  {dataset.name}, digest {dataset.digest}",
            f"         {_pictures(dataset)}",
        )
    )


def _tell_picture(wanted: Wanted, holding: Sequence[Holding], unknown: Sequence[Dataset]) -> str:
    from workflow.datasets.index import SHORT
    from workflow.table import fit_table
    from workflow.terminal import columns_of

    rows: list[tuple[Any, ...]] = []
    for one in holding:
        said = (one.picture.split, one.dataset.name, one.dataset.digest[:SHORT])
        for use in one.dataset.uses:
            who = f"version {use.version}" if use.version else use.ended
            rows.append(
                (*said, use.run, who, one.role if use.version else "", "live" if use.live else "", one.picture.name)
            )
    head = ("SPLIT", "DATASET", "DIGEST", "RUN", "MODEL", "WHICH", "", "PICTURE")
    lines = [
        fit_table(head, rows, columns_of(sys.stdout)) if rows else f"no version holds {show_plain(wanted.text())}."
    ]
    if not holding and wanted.name:
        lines.append("  A file is looked for by its bytes, under whatever name: give the path of one that is here.")
    live = sorted({(version, one.role) for one in holding for version in one.dataset.live})
    lines += [f"production serves version {version}, which {role}." for version, role in live]
    if holding and not live:
        lines.append("production serves no model of these.")
    if unknown:
        named = ", ".join(one.title() for one in unknown)
        lines.append(f"not looked into, for there is no manifest from before there were any: {show_plain(named)}")
    return "\n".join(lines)


def _tell_changes(before: Dataset, after: Dataset, changes: Changes, limit: int) -> str:
    lines = [
        f"from {before.title()}: {_pictures(before)}",
        f"to   {after.title()}: {_pictures(after)}",
        f"{len(changes.added)} added, {len(changes.removed)} removed, {len(changes.relabelled)} labelled anew, "
        f"{len(changes.moved)} moved to another split, {changes.same} the same",
    ]
    lines += _named("added", (f"{one.name} ({one.split})" for one in changes.added[:limit]), len(changes.added))
    lines += _named("removed", (f"{one.name} ({one.split})" for one in changes.removed[:limit]), len(changes.removed))
    relabelled = (f"{new.name}: {_objects(old)} before, {_objects(new)} now" for old, new in changes.relabelled[:limit])
    lines += _named("labelled anew", relabelled, len(changes.relabelled))
    moved = (f"{new.name}: {old.split} before, {new.split} now" for old, new in changes.moved[:limit])
    lines += _named("moved", moved, len(changes.moved))
    return "\n".join(lines)


def _named(kind: str, shown: Iterable[str], many: int) -> list[str]:
    if not many:
        return []
    lines = [f"  {show_plain(one)}" for one in shown]
    more = many - len(lines)
    return [f"{kind}:", *lines, *([f"  and {more} more: --limit {many} names all"] if more else [])]


def _describe(before: Dataset, after: Dataset, changes: Changes) -> dict[str, Any]:
    from workflow.datasets.manifests import describe_picture

    def pairs(some: Iterable[tuple[ManifestPicture, ManifestPicture]]) -> list[dict[str, Any]]:
        return [{"before": describe_picture(old), "after": describe_picture(new)} for old, new in some]

    return {
        "before": before.document(),
        "after": after.document(),
        "compared": True,
        "same": changes.same,
        "added": [describe_picture(one) for one in changes.added],
        "removed": [describe_picture(one) for one in changes.removed],
        "relabelled": pairs(changes.relabelled),
        "moved": pairs(changes.moved),
    }


def _pictures(dataset: Dataset) -> str:
    if dataset.kept is None:
        return "how many pictures is not known: it is from before versions were kept"
    counts = ", ".join(f"{split} {many}" for split, many in dataset.kept.pictures.items())
    return f"{counts} pictures; {_classes(dataset)}"


def _classes(dataset: Dataset) -> str:
    classes = dataset.kept.classes if dataset.kept else {}
    return ", ".join(f"{show_plain(name)} {many}" for name, many in classes.items())


def _objects(picture: ManifestPicture) -> str:
    return ", ".join(f"{many} {name}" for name, many in picture.classes.items()) or "nothing"


def _numbers(versions: Iterable[int]) -> str:
    return ", ".join(f"v{one}" for one in versions)
