"""Opens a dataset labelled in Label Studio, exported as JSON: a list of tasks, each with its picture and annotations.

The file is walked once; what stays in memory is where each task lies, and it is read when its picture's turn comes. The
export does not say how the project's labels are ordered: classes are those that objects have, by their letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.labels.files import Files, split_of
from workflow.labels.groups import groups_file
from workflow.labels.json_index import JsonError, read_first, read_item, walk_list
from workflow.labels.label_studio_tasks import (
    NO_TASK,
    choose_annotation,
    list_names,
    read_shapes,
    read_size,
)
from workflow.labels.pixel_labels import Register, find_size, refuse_dataset
from workflow.labels.rows import Judge, Rules
from workflow.labels.shapes import Tally, take_shape
from workflow.labels.source import Entry, Labelled, Opened, problem


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's task lies: its file, the offset of its first byte, and how many it has."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True)
class LabelStudioSource(Opened):
    """A dataset of Label Studio's JSON. ``places`` holds that of each entry, ``numbered`` each class's number."""

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    numbered: Mapping[str, int] = field(default_factory=dict)
    places: Sequence[Place] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's task."""
        place, policy = self.places[entry.key], self.rules.policy
        with (self.root / place.file).open("rb") as stream:
            stream.seek(place.offset)
            task = read_item(stream.read(place.length))
        results, _ = choose_annotation(task)
        if results is None:
            message = f"{entry.image} has no annotation: taken as an image without objects"
            missing = problem("missing-label", place.file, 0, message, policy)
            return Labelled((), (missing,), labelled=False, dropped=missing.action == "dropped")
        size = find_size(read_size(results), (width, height), place.file, f"{entry.image}: ", policy)
        if isinstance(size, Labelled):
            return size
        judge = Judge(self.rules, place.file, *size, image=entry.image)
        for shape in read_shapes(results, size):
            take_shape(judge, shape, self.numbered, self.task, size, f"{entry.image}: ")
        return judge.labelled()


def is_label_studio(files: Files) -> bool:
    """Whether there is a JSON file of Label Studio's."""
    return any(_begins_like_tasks(files.path(name)) for name in files.ending(".json"))


def _find_exports(files: Files) -> list[str]:
    """The JSON files that are lists whose first item is a task."""
    return [name for name in files.ending(".json") if _begins_like_tasks(files.path(name))]


def open_label_studio(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of Label Studio's JSON; whatever is missing or in doubt becomes a problem."""
    if task in ("classify", "pose"):
        message = f"Label Studio's JSON is read for boxes and outlines, and the task is {task}"
        advice = {"classify": "give the folders", "pose": "export as YOLO with key points, or as COCO"}
        return refuse_dataset("label-studio", task, ".", f"{message}: {advice[task]}", policy)
    found = _find_exports(files)
    if not found:
        message = "no JSON of Label Studio: looked for a list of tasks"
        return refuse_dataset("label-studio", task, ".", message, policy)
    reading = _Reading(files, Register(files, policy))
    for file in found:
        try:
            reading.read(file)
        except JsonError as error:
            reading.register.report("layout", str(error), file)
    register, classes = reading.register, tuple(sorted(reading.classes))
    if task == "auto":
        task = reading.tally.task()
        if mixed := reading.tally.tell_mixed(task):
            register.report("wrong-task", mixed, found[0])
    entries = register.entries(found[0], "JSON file", found)
    if not classes:
        register.report("classes", "no box and no outline has a label", found[0])
    return LabelStudioSource(
        format="label-studio",
        task=task,
        classes=classes,
        entries=entries if classes else (),
        problems=register.problems,
        documents=[*found, *groups_file(files)],
        root=files.root,
        rules=Rules(task, len(classes), None, dict(policy)),
        numbered={name: number for number, name in enumerate(classes)},
        places=reading.places,
    )


class _Reading:
    """Collects what the tasks of all files say."""

    def __init__(self, files: Files, register: Register) -> None:
        self._files = files
        self.register = register
        self.tally = Tally()
        self.classes: set[str] = set()
        self.places: list[Place] = []

    def read(self, file: str) -> None:
        """Read one file. Raises JsonError for one that is broken, or a shorter export that has lost what is needed."""
        split = split_of(file[len(self._files.base) :])

        def take(item: Any, offset: int, length: int) -> None:
            if not isinstance(item, dict) or not isinstance(item.get("data"), dict):
                raise JsonError(f"byte {offset}: {NO_TASK}")
            self._take(item, Place(file, offset, length), split)

        walk_list(self._files.path(file), take)

    def _take(self, item: Mapping[str, Any], place: Place, split: str) -> None:
        what, names = f"task {item.get('id', '?')}", list_names(item["data"])
        if not names:
            self.register.report("malformed-row", f"{what} names no picture, or more than one", place.file)
            return
        said = self.register.choose(names)
        results, doubt = choose_annotation(item)
        if doubt == "cancelled":
            self.register.leave_out_named(said, f"{what} was skipped by who labelled it; left out")
            return
        if doubt:
            self.register.report("label-conflict", f"{what} {doubt}", place.file)
        for shape in read_shapes(results or (), read_size(results or ())):
            self.tally.count(shape)
            if shape.kind and shape.name:
                self.classes.add(shape.name)
        if self.register.add(said, split, place.file):
            self.places.append(place)


def _begins_like_tasks(path: Path) -> bool:
    with path.open("rb") as stream:
        if stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"[":
            return False
    try:
        first = read_first(path)
    except JsonError:
        return False
    if not isinstance(first, dict):
        return False
    whole = isinstance(first.get("data"), dict) and isinstance(first.get("annotations"), list)
    return whole or {"annotation_id", "annotator", "lead_time"} <= first.keys()
