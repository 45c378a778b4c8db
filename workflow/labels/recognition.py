"""Says in which format a dataset is, and opens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from workflow.contract.model import MAXIMUM_CLASSES
from workflow.contract.run_input import FORMAT_NAMES
from workflow.labels.archive import the_archive
from workflow.labels.classify import find_classes, open_classify
from workflow.labels.files import Files, is_image, label_of
from workflow.labels.pixel_labels import refuse_dataset
from workflow.labels.places import find_places
from workflow.labels.settings import Settings, SettingsError, read_settings
from workflow.labels.source import Opened, Problem, problem
from workflow.labels.tools import TOOLS
from workflow.labels.tree import Remark
from workflow.labels.yolo import open_yolo

NO_POLICY: Mapping[str, str] = MappingProxyType({})


def open_source(
    root: Path,
    *,
    task: str = "auto",
    format: str = "auto",
    policy: Mapping[str, str] = NO_POLICY,
    images: Sequence[str] | None = None,
) -> Opened:
    """Open the dataset below ``root``; never raises for bad data, whose problems say what is wrong with it.

    ``task`` and ``format`` are the run input's, ``policy`` maps kinds of findings to what is done about them.
    ``images`` are pictures by their paths relative to ``root`` that exist but lie elsewhere, on the other hosts of a
    job. A folder that holds a single zip and nothing else is not opened: ``archive.the_archive`` tells, and
    ``archive.unpack_zip`` unpacks it first. One of more than MAXIMUM_CLASSES classes is a problem and nothing else.
    """
    files = Files(root, images)
    opened = _open(files, task, format, policy)
    opened = replace(opened, problems=[*(_judge(remark, policy) for remark in files.remarks), *opened.problems])
    if len(opened.classes) <= MAXIMUM_CLASSES:
        return opened
    message = f"there are {len(opened.classes):,} classes, at most {MAXIMUM_CLASSES:,} are taken: merge some of them"
    return Opened(opened.format, opened.task, problems=[problem("classes", ".", 0, message, policy)])


def _judge(remark: Remark, policy: Mapping[str, str]) -> Problem:
    """A link is told; what is lost or doubtful rejects, so that nothing is missing in silence."""
    kinds = {"followed": "linked-folder", "known": "linked-folder"}
    kind = "unreadable-image" if remark.kind == "lost" and is_image(remark.name) else kinds.get(remark.kind, "layout")
    return problem(kind, remark.name, 0, remark.message, policy)


def _open(files: Files, task: str, format: str, policy: Mapping[str, str]) -> Opened:
    if archive := the_archive(files):
        return Opened(problems=[problem("layout", archive, 0, "is an archive: unpack it first", policy)])
    readings = list_readings(files) if format == "auto" else [format]
    opened = {name: _open_as(name, files, task, policy) for name in readings}
    if len(opened) > 1:
        # What only looks like a format is a file of another program, or is left from another set.
        opened = {name: one for name, one in opened.items() if _labels_anything(one)} or dict([*opened.items()][:1])
    if len(opened) > 1:
        return refuse_dataset(next(iter(opened)), task, files.base or ".", _tell_doubt(opened), policy)
    return next(iter(opened.values()))


def list_readings(files: Files) -> list[str]:
    """The formats that a dataset may be in, by their names in a run's input; YOLO where nothing speaks for another."""
    found = [name for name, tool in TOOLS.items() if tool.find(files)]
    return ["yolo", *found] if not found or _has_labels(files) else found


def _open_as(format: str, files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    if format in TOOLS:
        return TOOLS[format].open(files, task, policy)
    if task == "classify" or (task == "auto" and not _has_labels(files) and _has_classes(files)):
        return open_classify(files, policy)
    return open_yolo(files, task, policy)


def _labels_anything(opened: Opened) -> bool:
    return any(opened.labels(entry, 0, 0).rows for entry in opened.entries)


def _tell_doubt(opened: Mapping[str, Opened]) -> str:
    """What to say where a dataset is labelled twice, and nobody knows which of the two is meant."""
    said = [f"{FORMAT_NAMES[name]} ({one.documents[-(name == 'yolo')]})" for name, one in opened.items()]
    first = next(iter(opened))
    return (
        f"{len(said)} readings: {' or '.join(said)}; the key format decides, such as --set format={first} for an upload"
        f" or FORMAT={first} for a demonstration; or take the files of the others away"
    )


def _has_classes(files: Files) -> bool:
    """Whether folders are called like classes; not where the file that names them cannot be read."""
    try:
        return find_classes(files) is not None
    except SettingsError:
        return False


def _has_labels(files: Files) -> bool:
    """Whether any image has a text label where YOLO looks for it."""
    try:
        settings = read_settings(files)
    except SettingsError:
        settings = Settings("", ())
    places = find_places(files, settings, [], NO_POLICY)
    return any(label_of(image) in files for place in places.values() for image in place.images)
