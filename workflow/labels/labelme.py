"""Opens a dataset labelled with LabelMe, or with what writes like it: a JSON file for each picture.

The picture is the file's neighbour of the same name, or else the one that ``imagePath`` speaks of, which often names
another machine's. ``imageData``, the picture once more, is not looked at.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from workflow.labels.alike import Alike, compose, show_names
from workflow.labels.files import Files, clean_path, is_image
from workflow.labels.geometry import Numbers, box_around, join_outlines
from workflow.labels.groups import groups_file
from workflow.labels.neighbours import find_annotated, list_unlabelled
from workflow.labels.pixel_labels import Register, find_size, read_numbers, read_side, refuse_dataset
from workflow.labels.rows import Judge, Rules
from workflow.labels.shapes import Shape, Tally, ellipse, take_shape
from workflow.labels.source import Entry, Labelled, Opened, problem

LARGEST = 256 * 2**20
"""Most bytes of one file, which may hold its picture."""
LOOKED_INTO = 20
"""Files that are looked into to tell the format."""

_HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{.*"(shapes|imagePath|imageData|lineColor)"\s*:', re.DOTALL)
_TURNED = ("oriented_rectangle", "rotation")
"""Types of turned boxes; the second is AnyLabeling's."""


class LabelMeError(ValueError):
    """A file that cannot be read."""


class StrayError(LabelMeError):
    """A JSON file that is none of LabelMe's."""


@dataclass(frozen=True)
class Drawing:
    """What one file says: the picture's name and size (0 where not said), and its objects in pixels."""

    image: str
    width: int
    height: int
    shapes: Sequence[Shape]


@dataclass(frozen=True)
class LabelMeSource(Opened):
    """A dataset of LabelMe's JSON. ``label_files`` holds that of each entry by its key, empty where there is none;
    ``numbered`` is the number of each class.
    """

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    numbered: Mapping[str, int] = field(default_factory=dict)
    label_files: Sequence[str] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's file."""
        file, policy = self.label_files[entry.key], self.rules.policy
        if not file:
            missing = problem("missing-label", entry.image, 0, "no JSON: taken as an image without objects", policy)
            return Labelled((), (missing,), labelled=False, dropped=missing.action == "dropped")
        try:
            drawing = read_drawing(self.root / file)
        except LabelMeError as error:
            broken = problem("malformed-row", file, 0, str(error), policy)
            return Labelled((), (broken,), labelled=True, dropped=broken.action == "dropped")
        size = find_size((drawing.width, drawing.height), (width, height), file, "", policy)
        if isinstance(size, Labelled):
            return size
        judge = Judge(self.rules, file, *size)
        for shape in drawing.shapes:
            take_shape(judge, shape, self.numbered, self.task, size)
        return judge.labelled()


def is_labelme(files: Files) -> bool:
    """Whether there is a JSON file of LabelMe's among the first that begin like one."""
    begun = filter(_begins_like_labelme, map(files.path, files.ending(".json")))
    return any(not _is_stray(path) for path in islice(begun, LOOKED_INTO))


def open_labelme(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of LabelMe's JSON; whatever is missing or in doubt becomes a problem."""
    if task in ("classify", "pose"):
        message = f"LabelMe's JSON holds boxes and outlines, and the task is {task}"
        return refuse_dataset("labelme", task, ".", message, policy)
    register, tally = Register(files, policy), Tally()
    beside = find_annotated(files)
    stems = Alike(beside)
    twins = _find_twins(files)
    classes: set[str] = set()
    labels: dict[str, str] = {}
    found: list[str] = []
    for file in files.ending(".json"):
        if not _begins_like_labelme(files.path(file)):
            continue
        drawing = Drawing("", 0, 0, ())
        try:
            drawing = read_drawing(files.path(file))
        except LabelMeError as error:
            # An image beside it is met again below, and its label then says what is wrong.
            if not stems.find(file[: -len(".json")]):
                if not isinstance(error, StrayError):
                    register.report("malformed-row", str(error), file)
                continue
        found.append(file)
        for shape in drawing.shapes:
            tally.count(shape)
            if shape.kind and shape.name:
                classes.add(shape.name)
        neighbours = [beside[stem] for stem in stems.find(file[: -len(".json")])]
        neighbours = [twin for image in neighbours for twin in twins.get(image.rpartition(".")[0], [image])]
        said = _find_picture(file, neighbours, drawing.image)
        if not said:
            register.report("label-conflict", f"may be of any of {show_names(neighbours)}", file)
        elif image := register.add(said, "", file):
            labels[image] = file
    if not found and not register.problems:
        return refuse_dataset("labelme", task, ".", "no JSON of LabelMe: looked for files with shapes", policy)
    for image in list_unlabelled(files, labels):
        register.add_unlabelled(image, "")
    if task == "auto":
        task = tally.task()
        if mixed := tally.tell_mixed(task):
            register.report("wrong-task", mixed, ".")
    entries = register.entries(found[0] if found else ".")
    if not classes:
        register.report("classes", "no box and no outline has a label", ".")
    return LabelMeSource(
        format="labelme",
        task=task,
        classes=tuple(sorted(classes)),
        entries=entries if classes else (),
        problems=register.problems,
        documents=[*found, *groups_file(files)],
        root=files.root,
        rules=Rules(task, len(classes), None, dict(policy)),
        numbered={name: number for number, name in enumerate(sorted(classes))},
        label_files=[labels.get(entry.image, "") for entry in entries],
    )


def read_drawing(path: Path) -> Drawing:
    """Read one file. Raises LabelMeError for one too large or no JSON, StrayError for one without shapes."""
    if (size := path.stat().st_size) > LARGEST:
        raise LabelMeError(f"has {size:,} bytes, and a file of labels may have {LARGEST:,}")
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise LabelMeError(f"is not readable JSON: {error}") from error
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(shapes, list):
        raise StrayError("must be an object with a list of shapes")
    name = document.get("imagePath")
    return Drawing(
        name if isinstance(name, str) else "",
        read_side(document.get("imageWidth")),
        read_side(document.get("imageHeight")),
        _join_groups([_read_shape(shape) for shape in shapes]),
    )


def _begins_like_labelme(path: Path) -> bool:
    with path.open("rb") as stream:
        return bool(_HEAD.match(stream.read(4096)))


def _is_stray(path: Path) -> bool:
    try:
        read_drawing(path)
    except LabelMeError as error:
        return isinstance(error, StrayError)
    return False


def _find_picture(file: str, neighbours: Sequence[str], said: str) -> str:
    """The picture that a file is about: its neighbour, of several the one that it names, else what it names.

    Empty where it names none of several.
    """
    if len(neighbours) > 1:
        last = clean_path(said).rpartition("/")[2]
        return next((image for image in neighbours if image.rpartition("/")[2] == last), "")
    return neighbours[0] if neighbours else said if is_image(said) else f"{file[: -len('.json')]}.jpg"


def _find_twins(files: Files) -> dict[str, list[str]]:
    """The pictures that differ in their ending alone, by their path without it."""
    found: dict[str, list[str]] = {}
    for image in files.images:
        found.setdefault(image.rpartition(".")[0], []).append(image)
    return {stem: images for stem, images in found.items() if len(images) > 1}


def _read_shape(shape: Any) -> tuple[Shape, Any]:
    """A shape, and the group that it is part of."""
    if not isinstance(shape, dict):
        return Shape("", "", (), "shape", broken="must be an object"), None
    label, drawn_as, group = shape.get("label"), shape.get("shape_type") or "polygon", shape.get("group_id")
    name, drawn_as = compose(label.strip()) if isinstance(label, str) else "", str(drawn_as)[:40]
    points = _read_points(shape.get("points"))
    kind, numbers, broken = "", points or (), ""
    if not name:
        broken = f"the label must be a text, found {label!r}"
    elif points is None:
        broken = "points must be a list of pairs of numbers"
    elif drawn_as == "rectangle":
        kind, numbers = "detect", box_around(points) if points else ()
        broken = "" if len(points) in (4, 8) else "a rectangle has two points, or four"
    elif drawn_as == "circle":
        kind = "segment"
        broken = "" if len(points) == 4 else "a circle has two points: its middle, and one on its edge"
        if not broken:
            radius = math.hypot(points[2] - points[0], points[3] - points[1])
            numbers = ellipse(points[0], points[1], radius, radius)
    elif drawn_as in _TURNED:
        kind, broken = "obb", "" if len(points) == 8 else "a turned rectangle has four points"
    elif drawn_as == "polygon":
        kind, broken = "segment", "" if len(points) >= 6 else "an outline has three points or more"
    grouped = group if kind == "segment" and isinstance(group, (int, str)) else None
    return Shape(name, kind, numbers, drawn_as, broken=broken), grouped


def _read_points(values: Any) -> Numbers | None:
    pairs = [read_numbers(point) for point in values] if isinstance(values, list) else [None]
    if any(pair is None or len(pair) != 2 for pair in pairs):
        return None
    return tuple(value for pair in pairs if pair is not None for value in pair)


def _join_groups(shapes: Sequence[tuple[Shape, Any]]) -> list[Shape]:
    """The objects: outlines of one name that share a group are the parts of one."""
    parts: dict[Any, list[Shape]] = {}
    for at, (shape, group) in enumerate(shapes):
        key = at if group is None or shape.broken else (shape.name, group)
        parts.setdefault(key, []).append(shape)
    return [
        replace(first, numbers=join_outlines([part.numbers for part in (first, *rest)])) if rest else first
        for first, *rest in parts.values()
    ]
