"""Says in which format a dataset is, and opens it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from workflow.contract.dataset_report import FORMAT_NAMES
from workflow.contract.model import MAXIMUM_CLASSES
from workflow.labels.archive import the_archive
from workflow.labels.classify import find_classes, open_classify
from workflow.labels.files import Files, is_image, split_told
from workflow.labels.joined import describe_joined
from workflow.labels.places import find_lists, find_places
from workflow.labels.settings import Settings, SettingsError, read_settings
from workflow.labels.source import Opened, Problem, problem
from workflow.labels.tools import TOOLS
from workflow.labels.tree import Remark
from workflow.labels.yolo import find_row, open_yolo

LONGEST_NAME = 200
"""Letters of a class's name."""
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
    problems = [*(_judge(remark, policy) for remark in files.remarks), *opened.problems]
    if joined := describe_joined(files.base, opened.entries, opened.classes):
        kind, said = joined
        # Files of labels in these folders are told with them.
        problems = [one for one in problems if one.kind != "joined-folders" or opened.format not in TOOLS]
        problems.append(problem(kind, files.base or ".", 0, said, policy))
    if opened.format in TOOLS and not any(entry.split for entry in opened.entries):
        problems += _tell_lists(files, opened.format, policy)
    problems += [problem("alike-classes", ".", 0, said, policy) for said in _describe_alike(opened.classes)]
    opened = replace(opened, problems=problems)
    message = _describe_odd(opened.classes)
    if not message:
        return opened
    return Opened(opened.format, opened.task, problems=[problem("classes", ".", 0, message, policy)])


def _tell_lists(files: Files, format: str, policy: Mapping[str, str]) -> list[Problem]:
    """Lists of splits beside labels of a format that has none: nobody reads them, and somebody chose the pictures."""
    told = (
        f"lists pictures of a split, which is not read beside labels of {FORMAT_NAMES[format]}: splits are made of the"
    )
    told += " whole set; put the pictures of each split into a folder called like it"
    called = [name for name in find_lists(files) if split_told(name.rpartition("/")[2])]
    return [problem("joined-folders", name, 0, told, policy) for name in called]


def _describe_alike(classes: Sequence[str]) -> list[str]:
    """What to say of names that differ in their case, or in blanks and what stands for them, alone."""
    folded: dict[str, list[str]] = {}
    for name in classes:
        folded.setdefault("".join(letter for letter in name.casefold() if letter not in " _-"), []).append(name)
    return [f"{', '.join(names)} are read as {len(names)} classes" for names in folded.values() if len(names) > 1]


def _describe_odd(classes: Sequence[str]) -> str:
    """What no model takes: too many classes, or a name that is not to be shown on one line; empty where all is well."""
    if len(classes) > MAXIMUM_CLASSES:
        return f"there are {len(classes):,} classes, at most {MAXIMUM_CLASSES:,} are taken: merge some of them"
    for name in classes:
        if len(name) > LONGEST_NAME:
            return (
                f"the class {name[:40]}… has a name of {len(name):,} letters, and {LONGEST_NAME} are taken: shorten it"
            )
        if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in name):
            return f"the class {name!a} has a control character in its name: write it without"
    return ""


def _judge(remark: Remark, policy: Mapping[str, str]) -> Problem:
    """A link is told; what is lost or doubtful rejects, so that nothing is missing in silence."""
    kinds = {"followed": "linked-folder", "known": "linked-folder", "unnamed": "unused-file"}
    lost = remark.kind in ("lost", "unnamed") and is_image(remark.name)
    kind = "unreadable-image" if lost else kinds.get(remark.kind, "layout")
    return problem(kind, remark.name, 0, remark.message, policy)


def _open(files: Files, task: str, format: str, policy: Mapping[str, str]) -> Opened:
    if archive := the_archive(files):
        return Opened(problems=[problem("layout", archive, 0, "is an archive: unpack it first", policy)])
    readings = list_readings(files) if format == "auto" else [format]
    if len(readings) > 1:
        return _refuse_readings(files, readings, task, policy)
    if readings[0] in TOOLS:
        return TOOLS[readings[0]].open(files, task, policy)
    if task == "classify" or (task == "auto" and not _has_labels(files) and _has_classes(files)):
        return open_classify(files, policy)
    return open_yolo(files, task, policy)


def list_readings(files: Files) -> list[str]:
    """As which of the input's formats a dataset may be read; YOLO where nothing speaks for another.

    What only looks like a format counts where it is alone, for that format's reader to say what is wrong with it.
    """
    found = [format for format, is_it in RECOGNISED.items() if is_it(files)]
    if len(found) > 1:
        found = [format for format in found if FIRST_LABELS[format](files)] or found[:1]
    return found or ["yolo"]


def _refuse_readings(files: Files, readings: Sequence[str], task: str, policy: Mapping[str, str]) -> Opened:
    """Two formats may say two things of one picture, and nobody knows which is the newer one."""
    labels = {format: FIRST_LABELS[format](files) for format in readings}
    told = " or ".join(f"{format} ({label})" for format, label in labels.items())
    message = f"may be read as {told}: the input's format decides, such as  --set format={readings[0]}"
    message += f"  for an upload or  FORMAT={readings[0]}  for a demonstration; or take the files of the others away"
    refusal = problem("layout", files.base or ".", 0, message, policy)
    return Opened(readings[0], "detect" if task == "auto" else task, problems=[refusal], documents=[*labels.values()])


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
    return any(files.labels_of(image) for place in places.values() for image in place.images)


RECOGNISED: Mapping[str, Callable[[Files], bool]] = MappingProxyType(
    {"yolo": _has_labels, **{name: tool.is_it for name, tool in TOOLS.items()}}
)
"""What looks like each format."""

FIRST_LABELS: Mapping[str, Callable[[Files], str]] = MappingProxyType(
    {"yolo": find_row, **{name: tool.find_label for name, tool in TOOLS.items()}}
)
"""The first file that labels anything in each format, empty where none does."""
