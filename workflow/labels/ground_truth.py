"""Opens a dataset labelled by SageMaker Ground Truth: an augmented manifest of boxes, or of classes of whole pictures.

Each line of ``output.manifest`` is a JSON object with ``source-ref``, the label under the job's name, and
``<job>-metadata``. Ground Truth has no built-in job for keypoints or outlines of single objects in pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.labels.alike import compose
from workflow.labels.files import Files, split_of
from workflow.labels.geometry import box_between
from workflow.labels.groups import groups_file
from workflow.labels.pixel_labels import Register, find_size, read_numbers, read_side, refuse_dataset, to_fractions
from workflow.labels.rows import Judge, Rules
from workflow.labels.source import Entry, Labelled, Opened, Row, problem

BOXES = "groundtruth/object-detection"
PICTURES = "groundtruth/image-classification"
TASKS = {BOXES: "detect", PICTURES: "classify"}
LINE = 16 * 2**20
"""Most bytes of one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's line is: its file, its number from 1, the offset of its first byte; ``job`` names its label."""

    file: str
    line: int
    offset: int
    job: str


@dataclass(frozen=True)
class GroundTruthSource(Opened):
    """A dataset of manifests. ``numbered`` is the class of each id of their class maps."""

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    numbered: Mapping[str, int] = field(default_factory=dict)
    places: Sequence[Place] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's line."""
        place, policy = self.places[entry.key], self.rules.policy
        with (self.root / place.file).open("rb") as stream:
            stream.seek(place.offset)
            item = json.loads(stream.readline(LINE))
        label, metadata = item.get(place.job), item.get(f"{place.job}-metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        if not _is_labelled(item, place.job):
            message = f"{entry.image} has no label {place.job}: "
            if self.task == "classify":
                return self._leave_out("missing-label", f"{message}left out", place, labelled=False)
            message += "taken as an image without objects"
            missing = problem("missing-label", place.file, place.line, message, policy)
            return Labelled((), (missing,), labelled=False, dropped=missing.action == "dropped")
        if self.task == "classify":
            return self._read_class(metadata.get("class-name"), place)
        said = _read_size(label)
        size = find_size(said, (width, height), place.file, f"line {place.line}: ", policy)
        if isinstance(size, Labelled):
            return size
        judge = Judge(self.rules, place.file, *size)
        found = label.get("annotations") if isinstance(label, dict) else None
        if not isinstance(found, list):
            judge.report("malformed-row", f"{place.job} must have a list of annotations", place.line)
            found = []
        for at, annotation in enumerate(found, start=1):
            self._take(judge, annotation, size, place.line, f"object {at}: ")
        return judge.labelled()

    def _take(self, judge: Judge, annotation: Any, size: tuple[int, int], line: int, what: str) -> None:
        if not isinstance(annotation, dict):
            judge.report("malformed-row", f"{what}must be an object", line)
            return
        number = self.numbered.get(str(annotation.get("class_id")))
        box = read_numbers([annotation.get(key) for key in ("left", "top", "width", "height")])
        if number is None:
            judge.report(
                "unknown-class", f"{what}class_id {annotation.get('class_id')!r} is not in the class-map", line
            )
        elif box is None:
            judge.report("not-a-number", f"{what}left, top, width and height must be numbers", line)
        else:
            left, top, across, down = box
            width, height = size
            row = to_fractions(box_between(left, top, left + across, top + down), width, height)
            judge.take(number, row, line, what)

    def _read_class(self, name: Any, place: Place) -> Labelled:
        if isinstance(name, str) and name in self.numbered:
            return Labelled((Row(self.numbered[name], (), place.line),), (), labelled=True, dropped=False)
        message = f"class-name {name!r} is not among the classes"
        return self._leave_out("unknown-class", message, place, labelled=True)

    def _leave_out(self, kind: str, message: str, place: Place, *, labelled: bool) -> Labelled:
        """A whole picture without a class teaches nothing: it is left out whatever the policy says."""
        lost = problem(kind, place.file, place.line, message, self.rules.policy)
        return Labelled((), (lost,), labelled=labelled, dropped=True)


def is_manifest(files: Files) -> bool:
    """Whether there is a manifest whose first line names an image and a label."""
    return bool(find_manifest(files))


def find_manifest(files: Files) -> str:
    """The first manifest whose first line names an image and a label, empty where none does."""
    for file in _find_manifests(files):
        if any(_read_jobs(item) for _, _, item in _take_first(_read_lines(files.path(file)))):
            return file
    return ""


def open_ground_truth(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of Ground Truth's manifests; whatever is missing or in doubt becomes a problem."""
    register = Register(files, policy)
    manifests = _find_manifests(files)
    first, kind = _choose_job(files, manifests, TASKS.values() if task == "auto" else (task,))
    if not first:
        message = "no manifest of Ground Truth with boxes or classes of pictures: looked for output.manifest"
        return refuse_dataset("ground-truth", task, manifests[0] if manifests else ".", message, policy)
    names: dict[str, str] = {}
    places: list[Place] = []
    for file in manifests:
        split = split_of(file[len(files.base) :])
        job = _choose_job(files, [file], (TASKS[kind],))[0] or first
        for line, offset, item in _read_lines(files.path(file)):
            if not isinstance(item, dict) or not isinstance(item.get("source-ref"), str):
                message = item if isinstance(item, str) else "must be an object with source-ref"
                register.report("malformed-row", message, file, line)
                continue
            metadata = item.get(f"{job}-metadata")
            _collect(names, metadata if isinstance(metadata, dict) else {}, kind, register, file, line)
            if not _is_labelled(item, job) and (
                others := [name for name in _read_jobs(item) if _is_labelled(item, name)]
            ):
                message = f"is labelled by {', '.join(others)} and not by {job}: give the lines of one job"
                register.report("layout", message, file, line)
            if register.add(item["source-ref"], split, file, line):
                places.append(Place(file, line, offset, job))
    classes = tuple(dict.fromkeys(names[key] for key in sorted(names, key=_sort_key)))
    if not classes:
        register.report("classes", f"{first}-metadata names no class", manifests[0])
    entries = register.entries(manifests[0], "manifest", manifests)
    numbers = {name: number for number, name in enumerate(classes)}
    return GroundTruthSource(
        format="ground-truth",
        task=TASKS[kind],
        classes=classes,
        entries=entries if classes else (),
        problems=register.problems,
        documents=[*manifests, *groups_file(files)],
        root=files.root,
        rules=Rules(TASKS[kind], len(classes), None, dict(policy)),
        numbered={key: numbers[name] for key, name in names.items()},
        places=places,
    )


def _collect(
    names: dict[str, str], metadata: Mapping[str, Any], kind: str, register: Register, file: str, line: int
) -> None:
    """The names of a line's classes by their ids; those of pictures go by the name itself."""
    if kind == PICTURES:
        name = metadata.get("class-name")
        found = {name: compose(name)} if isinstance(name, str) else {}
    else:
        given = metadata.get("class-map")
        found = {str(key): compose(str(name).strip()) for key, name in given.items()} if isinstance(given, dict) else {}
    for key, name in found.items():
        if names.setdefault(key, name) != name:
            register.report("classes", f"class {key} is {name} here and {names[key]} before", file, line)


def _find_manifests(files: Files) -> list[str]:
    """The manifests of the dataset: what a job put out, where there is more than that."""
    found = files.ending(".manifest")
    return [name for name in found if name.endswith("output.manifest")] or found


def _read_lines(path: Path) -> Iterator[tuple[int, int, Any]]:
    """Number, offset and content of each line; a text that says what is wrong where it is no JSON."""
    with path.open("rb") as stream:
        line = offset = 0
        while raw := stream.readline(LINE):
            line += 1
            if raw.strip():
                try:
                    yield line, offset, json.loads(raw)
                except (ValueError, RecursionError) as error:
                    yield line, offset, f"is not readable JSON: {error}"
            offset += len(raw)


def _take_first(lines: Iterator[tuple[int, int, Any]]) -> list[tuple[int, int, Any]]:
    return [line for line, _ in zip(lines, range(1), strict=False)]


def _read_jobs(item: Any) -> dict[str, tuple[str, str]]:
    """The labels of a line that can be read: the kind and the date of each by its name."""
    if not isinstance(item, dict) or "source-ref" not in item:
        return {}
    metadata = {key[: -len("-metadata")]: value for key, value in item.items() if key.endswith("-metadata")}
    return {
        job: (value["type"], str(value.get("creation-date", "")))
        for job, value in metadata.items()
        if isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"] in TASKS
    }


def _is_labelled(item: Mapping[str, Any], job: str) -> bool:
    """Whether a line has a job's label, and the job did not fail."""
    metadata = item.get(f"{job}-metadata")
    return item.get(job) is not None and not (isinstance(metadata, dict) and "failure-reason" in metadata)


def _choose_job(files: Files, manifests: Sequence[str], tasks: Any) -> tuple[str, str]:
    """The label to read, and its kind: where jobs were chained, the newest of the first line that has any."""
    for file in manifests:
        for _, _, item in _read_lines(files.path(file)):
            jobs = {job: (date, kind) for job, (kind, date) in _read_jobs(item).items() if TASKS[kind] in tasks}
            if jobs:
                job = max(jobs, key=lambda name: jobs[name])
                return job, jobs[job][1]
    return "", ""


def _read_size(label: Any) -> tuple[int, int]:
    sizes = label.get("image_size") if isinstance(label, dict) else None
    first = sizes[0] if isinstance(sizes, list) and sizes and isinstance(sizes[0], dict) else {}
    return read_side(first.get("width")), read_side(first.get("height"))


def _sort_key(key: str) -> tuple[bool, int, str]:
    """Ids by their number, names by their letters."""
    return (not key.isdecimal(), int(key) if key.isdecimal() else 0, key)
