"""Opens a dataset labelled in CVAT, exported as "CVAT for images 1.1": one XML file, or one for each part of the set.

Classes are the labels that the file declares, in its order; an image's ``subset`` is its split. What stays in memory
is where each picture's annotations lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workflow.labels.categories import Categories
from workflow.labels.cvat_shapes import read_shape
from workflow.labels.cvat_xml import CvatError, Element, Label, read_image, walk
from workflow.labels.files import SPLIT_NAMES, Files, split_of
from workflow.labels.groups import groups_file
from workflow.labels.pixel_labels import Register, find_size, read_side, refuse_dataset
from workflow.labels.rows import Judge, Rules
from workflow.labels.shapes import Tally, take_shape
from workflow.labels.source import Entry, Labelled, Opened, problem
from workflow.labels.xml_root import read_root

NO_SUBSET = ("", "default")
"""Subsets that say nothing."""
_NO_CLASS = ("tag", "points", "polyline", "cuboid", "skeleton")
"""Types of labels that no box and no outline has."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's element lies: its file, its line from 1, the offset of its first byte; and the size it names."""

    file: str
    line: int
    offset: int
    width: int
    height: int


@dataclass(frozen=True)
class CvatSource(Opened):
    """A dataset of CVAT's XML. ``numbered`` is the number of each class, ``points`` a skeleton's key points."""

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    numbered: Mapping[str, int] = field(default_factory=dict)
    points: Mapping[str, Sequence[str]] = field(default_factory=dict)
    places: Sequence[Place] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's element."""
        place, policy = self.places[entry.key], self.rules.policy
        said = (place.width, place.height)
        size = find_size(said, (width, height), place.file, f"{entry.image}: ", policy)
        if isinstance(size, Labelled):
            return size
        try:
            image = read_image(self.root / place.file, place.offset)
        except CvatError as error:
            broken = problem("malformed-row", place.file, place.line, str(error), policy)
            return Labelled((), (broken,), labelled=True, dropped=broken.action == "dropped")
        judge = Judge(self.rules, place.file, *size, image=entry.image)
        for part in image.parts:
            shape = read_shape(part, place.line - 1, self.points)
            if shape is not None:
                take_shape(judge, shape, self.numbered, self.task, size)
        return judge.labelled()


@dataclass
class _Reading:
    """What all files say together."""

    tally: Tally = field(default_factory=Tally)
    labels: dict[str, list[Label]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    images: list[tuple[str, str, Place]] = field(default_factory=list)
    """Name and subset of each picture, and where it is."""
    tags: int = 0


def is_cvat(files: Files) -> bool:
    """Whether there is an XML file of CVAT's."""
    return any(read_root(files.path(name)) == "annotations" for name in files.ending(".xml"))


def _find_files(files: Files) -> list[str]:
    """The XML files whose first element is CVAT's."""
    return [name for name in files.ending(".xml") if read_root(files.path(name)) == "annotations"]


def open_cvat(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of CVAT's XML; whatever is missing or in doubt becomes a problem."""
    if task == "classify":
        message = "CVAT's XML is read for objects, not for classes of whole pictures: give the folders"
        return refuse_dataset("cvat", task, ".", message, policy)
    register, reading = Register(files, policy), _Reading()
    found = _find_files(files)
    for file in found:
        try:
            _read(files, file, reading)
        except CvatError as error:
            register.report("layout", str(error), file, error.line)
    if not reading.images:
        if not register.problems:
            register.report("layout", "no picture in XML of CVAT: looked for <annotations> with <image>", ".")
        return Opened(format="cvat", task="detect" if task == "auto" else task, problems=register.problems)
    if task == "auto":
        task = reading.tally.task()
        if mixed := reading.tally.tell_mixed(task):
            register.report("wrong-task", mixed, found[0])
    categories = _make_categories(reading, task)
    for message, file in categories.problems(task):
        register.report("classes", message, file)
    if reading.tags:
        register.report("unused-file", f"{reading.tags:,} tags of whole pictures are not read", found[0])
    places = _add_images(files, register, reading)
    entries = register.entries(found[0], "XML file", found)
    classes = categories.classes()
    keypoints, flip = categories.keypoints() if task == "pose" else (None, None)
    return CvatSource(
        format="cvat",
        task=task,
        classes=classes,
        keypoints=keypoints,
        flip=flip,
        entries=entries if classes else (),
        problems=register.problems,
        documents=[*found, *groups_file(files)],
        root=files.root,
        rules=Rules(task, len(classes), keypoints, dict(policy)),
        numbered={name: number for number, name in enumerate(classes)},
        points=_list_points(reading),
        places=places,
    )


def _read(files: Files, file: str, reading: _Reading) -> None:
    def take(image: Element, offset: int) -> None:
        said = image.attributes
        for part in image.parts:
            shape = read_shape(part, 0, {})
            if shape is None:
                reading.tags += part.tag == "tag"
            else:
                reading.tally.count(shape)
                reading.used |= {shape.name} if shape.kind and shape.name else set()
        place = Place(file, image.line, offset, _read_side(said.get("width")), _read_side(said.get("height")))
        reading.images.append((said.get("name", ""), said.get("subset", "").strip(), place))

    reading.labels[file] = walk(files.path(file), take)


def _add_images(files: Files, register: Register, reading: _Reading) -> list[Place]:
    """The places of the pictures that are here, in the order in which they were added."""
    subsets = {subset for _, subset, _ in reading.images if subset.lower() not in NO_SUBSET}
    unknown = sorted(subset for subset in subsets if subset.lower() not in SPLIT_NAMES)
    if unknown and len({subset.lower() for _, subset, _ in reading.images}) > 1:
        message = f"subsets are called {', '.join(unknown)}: call each train, validation or test, or all of them alike"
        register.report("layout", message, reading.images[0][2].file)
    places = []
    for name, subset, place in reading.images:
        split = SPLIT_NAMES.get(subset.lower(), "") or split_of(place.file[len(files.base) :].rpartition("/")[0])
        if register.add(name or "a picture without a name", split, place.file, place.line):
            places.append(place)
    return places


def _make_categories(reading: _Reading, task: str) -> Categories:
    """The labels that may be classes of the task; those that objects have, by their letters, where none is declared."""
    categories = Categories()
    points = _list_points(reading)
    for file, labels in reading.labels.items():
        names = [label.name for label in labels if not label.parent and (label.type == "skeleton") == (task == "pose")]
        kinds = {label.name: label.type for label in labels if not label.parent}
        named = [name for name in names if task == "pose" or kinds[name] not in _NO_CLASS]
        for number, name in enumerate(dict.fromkeys(named if labels else sorted(reading.used))):
            keypoints = {"keypoints": list(points[name])} if name in points else {}
            categories.add(file, {"id": number, "name": name, **keypoints})
    return categories


def _list_points(reading: _Reading) -> dict[str, list[str]]:
    """The key points of each skeleton, in the order in which the first file that has it declares them."""
    points: dict[str, list[str]] = {}
    for labels in reading.labels.values():
        declared: dict[str, list[str]] = {}
        for label in labels:
            if label.parent:
                declared.setdefault(label.parent, []).append(label.name)
        points = {**declared, **points}
    return points


def _read_side(text: str | None) -> int:
    try:
        return read_side(float(text or ""))
    except ValueError:
        return 0
