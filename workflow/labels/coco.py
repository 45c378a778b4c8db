"""Opens a dataset labelled in COCO's JSON: one file for all splits or for each, boxes, outlines, masks or keypoints.

The files are walked once; what stays in memory is where each annotation lies, and it is read when its image's turn
comes. Categories become classes in the order of their ids.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.labels.categories import Categories
from workflow.labels.coco_objects import guess_task, make_row
from workflow.labels.files import Files, Finder, split_of
from workflow.labels.groups import groups_file
from workflow.labels.json_index import JsonError, read_item, walk
from workflow.labels.pixel_labels import Register, find_size, read_numbers, read_side, refuse_dataset
from workflow.labels.rows import Judge, Rules
from workflow.labels.source import Entry, Labelled, Opened

_HEAD = re.compile(r'\ufeff?\s*\{\s*"(info|licenses|images|annotations|categories|type)"\s*:')
_SMALL = 2**16
"""Letters of a file that many a program's own settings have at most."""
_OTHER = re.compile(r"captions|image_info|panoptic|stuff", re.IGNORECASE)


@dataclass
class Paper:
    """One file of annotations: images by id (name, width, height), and where the annotations of each lie.

    Some tools write an id as a number here and as a text there, so all are texts.
    """

    file: str
    split: str
    categories: list[Any] = field(default_factory=list)
    images: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    numbers_of: dict[str, int] = field(default_factory=dict)
    owners: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))

    def annotations_of(self, image_id: str) -> tuple[int, int]:
        """Where in ``places`` the annotations of an image begin and end."""
        number = self.numbers_of.get(image_id)
        return (0, 0) if number is None else (self.starts[number], self.starts[number + 1])

    def sort(self) -> None:
        """Bring the annotations of each image together, in the order of the file."""
        order = sorted(range(len(self.owners)), key=self.owners.__getitem__)
        self.places = array("q", (self.places[at] for at in order))
        self.lengths = array("q", (self.lengths[at] for at in order))
        counts = [0] * (len(self.numbers_of) + 1)
        for owner in self.owners:
            counts[owner + 1] += 1
        for at in range(1, len(counts)):
            counts[at] += counts[at - 1]
        self.starts = array("q", counts)


@dataclass(frozen=True, slots=True)
class Picture:
    """Where the annotations of an entry lie, and the size in which they are drawn."""

    file: str
    classes: Mapping[Any, int]
    places: array[int]
    lengths: array[int]
    width: int
    height: int


@dataclass(frozen=True)
class CocoSource(Opened):
    """A dataset of COCO's JSON. ``pictures`` holds what belongs to each entry by its key."""

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    pictures: Sequence[Picture] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's annotations."""
        picture = self.pictures[entry.key]
        said = (picture.width, picture.height)
        size = find_size(said, (width, height), picture.file, f"{entry.image}: ", self.rules.policy)
        if isinstance(size, Labelled):
            return size
        judge = Judge(self.rules, picture.file, *size, image=entry.image)
        if picture.places:
            with (self.root / picture.file).open("rb") as stream:
                for place, length in zip(picture.places, picture.lengths, strict=True):
                    stream.seek(place)
                    self._take(judge, read_item(stream.read(length)), picture.classes, entry.image, size)
        return judge.labelled()

    def _take(
        self, judge: Judge, annotation: Any, classes: Mapping[Any, int], image: str, size: tuple[int, int]
    ) -> None:
        what = f"{image}: annotation {annotation.get('id', '?')}: "
        category = annotation.get("category_id")
        if annotation.get("iscrowd"):
            judge.report("crowd", f"{what}a crowd, not one object")
        elif category not in classes:
            judge.report("unknown-class", f"{what}category {category!r} is not among the categories")
        elif self.rules.task == "pose" and not any((read_numbers(annotation.get("keypoints")) or ())[2::3]):
            judge.report("crowd", f"{what}no keypoint is labelled; COCO counts it no more than a crowd")
        else:
            try:
                judge.take(classes[category], make_row(annotation, self.rules.task, size), what=what)
            except ValueError as error:
                judge.report("malformed-row", f"{what}{error}")


def is_coco(files: Files) -> bool:
    """Whether there is a JSON file that begins like COCO's."""
    return bool(_find_papers(files, "auto"))


def find_labelling(files: Files) -> str:
    """The first file of COCO's that has annotations and names a picture of this dataset, empty where none does."""
    finder = Finder(files.images)
    for file in _find_papers(files, "auto"):
        named: list[bool] = []
        annotations: list[int] = []

        def name(item: Any, place: int, length: int, named: list[bool] = named) -> None:
            said = item.get("file_name") if isinstance(item, dict) else None
            named.append(isinstance(said, str) and bool(finder.find(said)))

        def annotation(item: Any, place: int, length: int, annotations: list[int] = annotations) -> None:
            annotations.append(place)

        try:
            walk(files.path(file), {"images": name, "annotations": annotation})
        except JsonError:
            continue
        if any(named) and annotations:
            return file
    return ""


def open_coco(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of COCO's JSON; whatever is missing or in doubt becomes a problem."""
    if task == "classify":
        return refuse_dataset("coco", task, ".", "COCO names no class for a whole picture: give the folders", policy)
    register, categories = Register(files, policy), Categories()
    papers = []
    for file in _find_papers(files, task):
        paper = Paper(file, split_of(file[len(files.base) :]))
        try:
            _read(files, paper, categories)
        except JsonError as error:
            register.report("layout", str(error), file)
            continue
        papers.append(paper)
    if not papers:
        if not register.problems:
            register.report("layout", "no COCO file: looked for a .json with images, annotations and categories", ".")
        return Opened(format="coco", task="detect" if task == "auto" else task, problems=register.problems)
    if task == "auto":
        task = categories.task()
    for message, file in categories.problems(task):
        register.report("classes", message, file)
    classes = categories.classes()
    pictures = _pictures(papers, register, categories)
    entries = register.entries(papers[0].file, lists=[paper.file for paper in papers])
    keypoints, flip = categories.keypoints() if task == "pose" else (None, None)
    return CocoSource(
        format="coco",
        task=task,
        classes=classes,
        keypoints=keypoints,
        flip=flip,
        entries=entries if classes else (),
        problems=register.problems,
        documents=[*(paper.file for paper in papers), *groups_file(files)],
        root=files.root,
        rules=Rules(task, len(classes), keypoints, dict(policy)),
        pictures=pictures,
    )


def _find_papers(files: Files, task: str) -> list[str]:
    """The files of annotations; where boxes and keypoints have files of their own, those of the task."""
    named = [name for name in files.ending(".json") if not _OTHER.search(name.rpartition("/")[2])]
    found = [name for name in named if _begins_like_coco(files.path(name))]
    keypoints = [name for name in found if "keypoints" in name]
    others = [name for name in found if "keypoints" not in name]
    return (keypoints if task == "pose" else others) if keypoints and others else found


def _begins_like_coco(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as stream:
        head = stream.read(4096)
        if not _HEAD.match(head):
            return False
        head += stream.read(_SMALL)
    try:
        document = json.loads(head)
    except (ValueError, RecursionError):
        return True  # a broken file is told as one, and a large one as what it begins like
    return isinstance(document.get("images"), list) or isinstance(document.get("annotations"), list)


def _read(files: Files, paper: Paper, categories: Categories) -> None:
    def image(item: Any, place: int, length: int) -> None:
        if not isinstance(item, dict) or not isinstance(item.get("file_name"), str) or "id" not in item:
            raise JsonError(f"byte {place}: an image must have id and file_name")
        key = str(item["id"])
        if not isinstance(item["id"], (int, str)) or key in paper.images:
            raise JsonError(f"byte {place}: the image id {item['id']!r} must be a number or a text, and be there once")
        paper.images[key] = (item["file_name"], read_side(item.get("width")), read_side(item.get("height")))

    def annotation(item: Any, place: int, length: int) -> None:
        if not isinstance(item, dict) or not isinstance(item.get("image_id"), (int, str)):
            raise JsonError(f"byte {place}: an annotation must have an image_id")
        if not isinstance(item.get("category_id"), (int, str, type(None))):
            raise JsonError(f"byte {place}: category_id must be a number")
        categories.count(paper.file, item, guess_task(item))
        paper.owners.append(paper.numbers_of.setdefault(str(item["image_id"]), len(paper.numbers_of)))
        paper.places.append(place)
        paper.lengths.append(length)

    def category(item: Any, place: int, length: int) -> None:
        if not isinstance(item, dict) or not isinstance(item.get("id"), (int, str)) or not item.get("name"):
            raise JsonError(f"byte {place}: a category must have id and name")
        categories.add(paper.file, item)

    walk(files.path(paper.file), {"images": image, "annotations": annotation, "categories": category})
    paper.sort()


def _pictures(papers: Sequence[Paper], register: Register, categories: Categories) -> list[Picture]:
    pictures = []
    for paper in papers:
        numbered = categories.number_classes(paper.file)
        for image_id, (name, width, height) in paper.images.items():
            if register.add(name, paper.split, paper.file):
                start, end = paper.annotations_of(image_id)
                at = slice(start, end)
                pictures.append(Picture(paper.file, numbered, paper.places[at], paper.lengths[at], width, height))
        lost = sum(image_id not in paper.images for image_id in paper.numbers_of)
        if lost:
            register.report("orphan-label", f"annotations of {lost} images that the file does not list", paper.file)
    return pictures
