"""Adds labelled pictures to a dataset of the bucket, in the format and the places that it has: its next version.

The pictures go to the training split. The held-out ones stay as they are, so that the next model is measured on what
the last one was measured on; pictures that were chosen because the model is bad at them would make any figure worse.
Whether the whole can still be read is asked of the reader of labels itself, before anything is sent.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.arrival import MARKER
from workflow.errors import UsageError
from workflow.labelling.forms import cvat, ground_truth, label_studio, yolo
from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.returned import Returned
from workflow.labelling.stored import StoredDataset
from workflow.labelling.task import Handed
from workflow.labels.files import common_folder, label_of
from workflow.labels.recognition import open_source
from workflow.labels.source import Opened

LISTS = {"cvat": (cvat.write_file, "xml"), "label-studio": (label_studio.write_file, "json")}
LISTS |= {"ground-truth": (ground_truth.write_file, "output.manifest")}
"""Formats of which a dataset may hold several files, so that new pictures bring one of their own."""


@dataclass(frozen=True)
class Addition:
    """Files to add, by their paths below the dataset's name, in the order in which they are sent.

    No picture comes before the label that belongs to it, so that an interrupted sending shows none as empty.
    """

    files: Mapping[str, Path]
    pictures: int


def prepare_addition(stored: StoredDataset, handed: Handed, returned: Returned, moment: str) -> Addition:
    """The files that make the next version; they are laid out beside the dataset's labels, and the whole is read.

    A task that was taken before, in part or with other labels, is taken once more: its labels take the place of those.
    Raises UsageError where the dataset's format takes no addition, or the whole could not be read as it was before.
    """
    opened = stored.opened
    if opened.task != handed.task:
        raise UsageError(f"the dataset {stored.name} is of the task {opened.task}, and these labels of {handed.task}.")
    if gone := sorted({one.name for picture in returned.pictures for one in picture.objects} - set(opened.classes)):
        raise UsageError(
            f"{', '.join(gone)}: the dataset {stored.name} has no such class any more; its classes are "
            f"{', '.join(opened.classes)}."
        )
    folder = _training_folder(opened)
    split = "train" if any(entry.split for entry in opened.entries) else ""
    sheet = Sheet(handed.task, opened.classes, returned.pictures, "greenlight", moment, drawn=True, split=split)
    labels, places = _write_labels(stored, handed, sheet, folder)
    there, known = stored.ids, set(stored.files)
    again = [name for name, place in places.items() if PurePosixPath(name).stem in there and place not in known]
    if again:
        raise UsageError(
            f"the dataset {stored.name} has {len(again):,} of these pictures elsewhere, such as {again[0]}."
        )
    for name, place in places.items():
        target = stored.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(returned.files[name], target)
    _read_whole(stored, places)
    paths = [*labels, *places.values()]
    return Addition({path: stored.root / path for path in paths}, len(places))


def send_addition(cloud: Cloud, bucket: str, stored: StoredDataset, addition: Addition) -> None:
    """Send the files, and at last the marker that says that the dataset is complete."""

    def send(path: str) -> None:
        body = addition.files[path].read_bytes()
        cloud.call("s3", "put_object", Bucket=bucket, Key=stored.prefix + path, Body=body)

    paths = list(addition.files)
    labels = paths[: len(paths) - addition.pictures]
    # Labels first, and only then any picture: one without its label would be one without objects.
    for some in (labels, paths[len(labels) :]):
        with ThreadPoolExecutor(CONNECTIONS) as at_once:
            list(at_once.map(send, some))
    cloud.call("s3", "put_object", Bucket=bucket, Key=stored.prefix + MARKER, Body=b"")


def _write_labels(stored: StoredDataset, handed: Handed, sheet: Sheet, folder: str) -> tuple[list[str], dict[str, str]]:
    """The paths of the new labels, which are written, and the place of each picture by its name."""
    format, root = stored.opened.format, stored.root
    places = {one.name: f"{folder}{one.name}" for one in sheet.pictures}
    if sheet.task == "classify" and format not in LISTS:
        folders = _class_folders(stored.opened)
        if lacking := sorted({one.objects[0].name for one in sheet.pictures} - folders.keys()):
            raise UsageError(
                f"{', '.join(lacking)}: the dataset {stored.name} has no picture of it to train on, in whose folder "
                "a new one could be put."
            )
        return [], {one.name: f"{folders[one.objects[0].name]}{one.name}" for one in sheet.pictures}
    if format == "yolo":
        labels = {label_of(places[one.name]): yolo.rows(sheet, one) for one in sheet.pictures}
        for path, text in labels.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return list(labels), places
    if format in LISTS:
        write, ending = LISTS[format]
        stamp = "".join(letter for letter in handed.made if letter.isalnum())
        path = f"{folder}labelled-{stamp}{'-train' if sheet.split else ''}.{ending}"
        (root / folder).mkdir(parents=True, exist_ok=True)
        write(sheet, root / path)
        return [path], places
    raise UsageError(
        f"the dataset {stored.name} is labelled as {format}, to which nothing can be added here: put the pictures and "
        f"labels into your own folder of it, and send that with 'greenlight upload FOLDER --name {stored.name}'."
    )


def _training_folder(opened: Opened) -> str:
    """Where pictures to train on lie, with a slash at its end, or empty for the root."""
    training = [entry.image for entry in opened.entries if entry.split in ("train", "")]
    if not training:
        raise UsageError("the dataset has no picture to train on, beside which new ones could be put.")
    folders = Counter(image.rpartition("/")[0] for image in training)
    common = common_folder(training)
    # The folder that all share may hold no picture itself, as a dataset's root above its scenes.
    folder = common if common in folders else folders.most_common(1)[0][0]
    return f"{folder}/" if folder else ""


def _class_folders(opened: Opened) -> dict[str, str]:
    folders: dict[str, str] = {}
    for entry in opened.entries:
        if entry.split in ("train", ""):
            name = opened.classes[opened.labels(entry, 0, 0).rows[0].class_id]
            folders.setdefault(name, f"{entry.image.rpartition('/')[0]}/")
    return folders


def _read_whole(stored: StoredDataset, places: Mapping[str, str]) -> None:
    """Open the dataset with the new pictures. Raises UsageError where that differs by more than them."""
    after = open_source(stored.root)
    before = {entry.image: entry.split for entry in stored.opened.entries}
    found = {entry.image: entry.split for entry in after.entries}
    new = set(places.values())
    odd = [image for image, split in before.items() if found.get(image) != split]
    lost = [image for image in sorted(new) if found.get(image) not in ("train", "")]
    known = {(one.kind, one.file, one.message) for one in stored.opened.problems}
    wrong = [
        one for one in after.problems if one.action == "rejected" and (one.kind, one.file, one.message) not in known
    ]
    for entry in after.entries:
        if entry.image in new:
            wrong += [one for one in after.labels(entry, 0, 0).problems if one.action == "rejected"]
    same = (after.format, after.task, after.classes) == (
        stored.opened.format,
        stored.opened.task,
        stored.opened.classes,
    )
    if same and not odd and not lost and not wrong:
        return
    why = next((f"{one.file}: {one.message}" for one in wrong), "")
    why = why or (f"{(odd or lost)[0]} would be in another split" if odd or lost else "its classes would be others")
    raise UsageError(
        f"nothing was sent: with the new pictures the dataset {stored.name} could not be read as before: {why}.\n"
        f"  Put them into your own folder of it, and send that with 'greenlight upload FOLDER --name {stored.name}'."
    )
