"""Opens a dataset with YOLO's text labels: finds its splits, pairs images with labels, and tells the task.

Where the splits are is the business of ``places``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workflow.labels.alike import show_names
from workflow.labels.files import LARGEST_LABEL, Files, is_aside, is_class_list, is_image, label_of, names_below
from workflow.labels.groups import groups_file, read_groups
from workflow.labels.places import Place, find_places, is_list, resolve
from workflow.labels.rows import Judge, Rules
from workflow.labels.settings import Settings, SettingsError, read_settings
from workflow.labels.source import Entry, Labelled, Opened, Problem, problem

LOOKED = (
    "train/images, images/train, images (and the same for valid, val, validation and test), and labels beside images"
)
SAMPLE = 1000
"""Label files that are read to tell the task."""
TOLD_BY = 2**20
"""Letters of a label that are read to tell it: whoever means turned boxes has thousands of rows in so many."""


@dataclass(frozen=True)
class YoloSource(Opened):
    """A dataset of text labels. ``label_files`` holds that of each entry by its key, empty where there is none."""

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    label_files: Sequence[str] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's label file."""
        file = self.label_files[entry.key]
        if not file:
            message = f"no label {label_of(entry.image)}: taken as an image without objects"
            missing = problem("missing-label", entry.image, 0, message, self.rules.policy)
            return Labelled((), (missing,), labelled=False, dropped=missing.action == "dropped")
        try:
            with open(f"{self.root}/{file}", encoding="utf-8-sig") as stream:  # noqa: PTH123 - read for every image
                # Reading so many letters at most, as asked, takes four times as long as reading all.
                large = os.fstat(stream.fileno()).st_size > LARGEST_LABEL
                text = "" if large else stream.read()
        except UnicodeDecodeError as error:
            message = f"not a text in UTF-8: {error.reason} at byte {error.start}"
            broken = problem("malformed-row", file, 1, message, self.rules.policy)
            return Labelled((), (broken,), labelled=True, dropped=broken.action == "dropped")
        if large:
            message = f"has more than {LARGEST_LABEL:,} bytes, which no picture's labels take"
            broken = problem("malformed-row", file, 1, message, self.rules.policy)
            return Labelled((), (broken,), labelled=True, dropped=broken.action == "dropped")
        judge = Judge(self.rules, file, width, height)
        judge.read(text)
        return judge.labelled()


def open_yolo(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of text labels; whatever is missing or in doubt becomes a problem."""
    problems: list[Problem] = []
    settings = Settings("", ())
    try:
        settings = read_settings(files)
    except SettingsError as error:
        problems.append(problem("classes", error.file, error.line, str(error), policy))
    places = find_places(files, settings, problems, policy)
    if not places:
        problems.append(problem("layout", files.base or ".", 0, f"no images: looked for {LOOKED}", policy))
    groups, more = read_groups(files, policy)
    problems += more
    entries: list[Entry] = []
    label_files: list[str] = []
    for split, place in places.items():
        may_be = [files.labels_of(image) for image in place.images]
        shared = list(_report_shared(place.images, may_be, policy))
        problems += shared
        left_out = {one.file for one in shared if one.action == "dropped"}
        there = [labels[0] if labels else "" for labels in may_be]
        if not any(there):
            message = f"{len(there)} images and no labels: looked in {_labels_folder(place) or '.'}; label them"
            message += ", or take the folder away and the split is made" if split in ("validation", "test") else ""
            message = message if there else f"the {split} split holds no images"
            problems.append(problem("layout", place.folder or ".", 0, message, policy))
        for image, name, label in zip(place.images, names_below(place.folder, place.images), there, strict=True):
            if image not in left_out:
                entries.append(Entry(image, split, name, groups.get(image, ""), len(entries)))
                label_files.append(label)
    found = [label for label in label_files if label]
    documents = sorted({*_list_documents(files, settings, places.values()), *found})
    problems += _report_surroundings(files, places.values(), documents, policy)
    if task == "auto":
        task = "pose" if settings.keypoints else task_of(files, found)
    if task == "pose" and settings.file and not settings.keypoints:
        message = "kpt_shape is missing: how many keypoints an object has and how many numbers each, such as [17, 3]"
        problems.append(problem("classes", settings.file, 0, message, policy))
    return YoloSource(
        format="yolo",
        task=task,
        classes=settings.classes,
        keypoints=settings.keypoints if task == "pose" else None,
        flip=settings.flip if task == "pose" else None,
        # Without class names every row would be wrong once more.
        entries=entries if settings.classes else (),
        problems=problems,
        documents=documents,
        root=files.root,
        rules=Rules(task, len(settings.classes), settings.keypoints, dict(policy)),
        label_files=label_files,
    )


def find_row(files: Files) -> str:
    """The first text label of a picture that holds a row of numbers, empty where none does: captions are no labels."""
    for image in files.images:
        for label in files.labels_of(image):
            if any(_is_row(line.split()) for line in _read_start(files, label)):
                return label
    return ""


def task_of(files: Files, labels: Sequence[str]) -> str:
    """The task that the rows' columns speak of, ``detect`` where there are none.

    Nine columns are a turned box only where every row of every file has nine: an outline may have four corners. Eleven
    are nine where the last corner is the first again.
    """
    counts = _count_columns(files, labels[:: max(len(labels) // SAMPLE, 1)])
    if set(counts) == {9}:
        counts = _count_columns(files, labels)
    if set(counts) == {9}:
        return "obb"
    outlines = sum(number for columns, number in counts.items() if columns >= 7 and columns % 2)
    return "segment" if outlines > counts[5] else "detect"


def _report_shared(
    images: Sequence[str], labels: Sequence[Sequence[str]], policy: Mapping[str, str]
) -> Iterable[Problem]:
    """Two pictures that share a label, or would if it were there, and pictures that have several labels."""
    owners: dict[str, str] = {}
    for image, found in zip(images, labels, strict=True):
        label = found[0] if found else label_of(image)
        if len(found) > 1:
            yield problem("label-conflict", image, 0, f"its label may be any of {show_names(found)}", policy)
        elif label in owners:
            message = f"shares its label {label} with {owners[label]}"
            if (shown := show_names([image, owners[label]])) != f"{image}, {owners[label]}":
                message += f": two names that look the same, {shown}"
            yield problem("label-conflict", image, 0, message, policy)
        owners.setdefault(label, image)


def _labels_folder(place: Place) -> str:
    return label_of(f"{place.folder}/x.jpg").rpartition("/")[0]


def _report_surroundings(
    files: Files, places: Collection[Place], read: Collection[str], policy: Mapping[str, str]
) -> Iterable[Problem]:
    """What lies among the images and is none, and labels without an image; ``read`` is what has its meaning."""
    known = {*read, *(label_of(image) for place in places for image in place.images)}
    labels = {_labels_folder(place) for place in places}
    for folder in sorted({place.folder for place in places} - labels):
        for name in files.below(folder):
            if not is_image(name) and name not in known:
                yield problem("unused-file", name, 0, "not an image file; left out", policy)
    for folder in sorted(labels):
        for name in files.below(folder):
            is_label = name.lower().endswith(".txt") and not name.lower().endswith("classes.txt")
            if is_label and name not in known and not is_class_list(name) and not is_aside(name):
                yield problem("orphan-label", name, 0, "a label without an image", policy)


def _is_row(columns: Sequence[str]) -> bool:
    try:
        return len([float(column) for column in columns]) >= 5
    except ValueError:
        return False


def _count_columns(files: Files, labels: Iterable[str]) -> Counter[int]:
    """How many rows have so many columns; the corner with which a ring comes back to its first does not count."""
    counts: Counter[int] = Counter()
    for label in labels:
        for line in _read_start(files, label):
            if columns := line.split():
                closed = len(columns) >= 9 and len(columns) % 2 and columns[1:3] == columns[-2:]
                counts[len(columns) - 2 * bool(closed)] += 1
    return counts


def _read_start(files: Files, label: str) -> list[str]:
    """The lines of a text label, as far as what one may hold tells what it is."""
    with open(f"{files.root}/{label}", encoding="utf-8-sig", errors="replace") as stream:  # noqa: PTH123 - for every label
        return stream.read(TOLD_BY).splitlines()


def _list_documents(files: Files, settings: Settings, places: Iterable[Place]) -> Iterable[str]:
    """The files of settings, the groups, and the lists of images that the settings name or that are splits."""
    named = {resolve(files, settings, text) for texts in settings.places.values() for text in texts}
    yield from settings.documents
    yield from groups_file(files)
    yield from filter(is_list, named)
    yield from (name for place in places for name in place.lists)
