"""Opens a dataset labelled in Pascal VOC's XML: boxes, one file an image, in ``Annotations`` or beside the images.

A document type is refused before anything of it is read, so that no entity is ever declared. Edges count from 0, as
annotation tools write them; those of the VOC challenge itself count from 1, which is a pixel on the left and top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from workflow.labels.alike import Alike, compose, show_names
from workflow.labels.files import LARGEST_LABEL, Files
from workflow.labels.geometry import box_between
from workflow.labels.groups import groups_file
from workflow.labels.image_sets import find_elsewhere, find_split, read_image_sets
from workflow.labels.neighbours import find_annotated, list_unlabelled
from workflow.labels.pixel_labels import Register, find_size, read_side, refuse_dataset, to_fractions
from workflow.labels.rows import Judge, Rules
from workflow.labels.source import Entry, Labelled, Opened, problem
from workflow.labels.xml_root import read_root

EDGES = ("xmin", "ymin", "xmax", "ymax")

LOOKED_INTO = 20
"""Files that are looked into to tell the format."""


class XmlError(ValueError):
    """A file that is no annotation; with the line where that shows."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Annotation:
    """What one file says: the image's name and size (0 where not said), and the fields of its objects by their line."""

    image: str
    width: int
    height: int
    objects: Sequence[tuple[int, Mapping[str, str]]]


@dataclass(frozen=True)
class VocSource(Opened):
    """A dataset of VOC's XML. ``label_files`` holds that of each entry by its key, empty where there is none."""

    root: Path = Path()
    rules: Rules = field(default_factory=lambda: Rules("detect", 0, None, {}))
    label_files: Sequence[str] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of the image's file; what is marked difficult or truncated counts like everything else."""
        file, policy = self.label_files[entry.key], self.rules.policy
        if not file:
            missing = problem("missing-label", entry.image, 0, "no XML: taken as an image without objects", policy)
            return Labelled((), (missing,), labelled=False, dropped=missing.action == "dropped")
        try:
            annotation = read_annotation(_read(self.root / file))
        except XmlError as error:
            broken = problem("malformed-row", file, error.line, str(error), policy)
            return Labelled((), (broken,), labelled=True, dropped=broken.action == "dropped")
        size = find_size((annotation.width, annotation.height), (width, height), file, "", policy)
        if isinstance(size, Labelled):
            return size
        judge = Judge(self.rules, file, *size)
        for line, found in annotation.objects:
            _take(judge, self.classes, line, found, size)
        return judge.labelled()


def is_voc(files: Files) -> bool:
    """Whether there is an XML file that holds an annotation."""
    return any(read_root(files.path(name)) == "annotation" for name in files.ending(".xml"))


def find_objects(files: Files) -> str:
    """The first XML that holds an object, empty where none of the first does."""
    for name in _find_annotations(files)[:LOOKED_INTO]:
        try:
            if read_annotation(_read(files.path(name))).objects:
                return name
        except XmlError:
            continue
    return ""


def _find_annotations(files: Files) -> list[str]:
    return [name for name in files.ending(".xml") if read_root(files.path(name)) == "annotation"]


def open_voc(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of VOC's XML; whatever is missing or in doubt becomes a problem."""
    if task not in ("auto", "detect"):
        return refuse_dataset("voc", task, ".", f"VOC's XML holds boxes, and the task is {task}", policy)
    register = Register(files, policy)
    splits = read_image_sets(files, register)
    by_stem = find_annotated(files)
    stems = Alike(by_stem)
    classes: set[str] = set()
    labels: dict[str, str] = {}
    known = set(_find_annotations(files))
    found = [name for name in files.ending(".xml") if name in known or stems.find(name[:-4])]
    for file in found:
        images = [by_stem[stem] for stem in stems.find(file[:-4])]
        try:
            annotation = read_annotation(_read(files.path(file)))
        except XmlError as error:
            # The image is met again below, and its label then says what is wrong.
            annotation = Annotation("", 0, 0, ())
            if not images:
                register.report("malformed-row", str(error), file, error.line)
                continue
        classes |= {name for _, item in annotation.objects if (name := _read_class(item))}
        if len(images) > 1:
            register.report("label-conflict", f"may be of any of {show_names(images)}", file)
            continue
        said = images[0] if images else annotation.image or file[:-4]
        split = find_split(splits, said, files) or find_split(splits, file, files)
        if splits and not split and said in by_stem.values():
            register.leave_out(said, "no list of a split names this image; left out")
            continue
        image = register.add(said, split, file)
        if image:
            labels[image] = file
    for image in list_unlabelled(files, labels, splits):
        split = find_split(splits, image, files)
        if split or not splits:
            register.add_unlabelled(image, split)
    entries = register.entries(found[0] if found else ".")
    if not classes:
        register.report("classes", "no object is named", ".")
    lists = [name for name in files.ending(".txt") if "imagesets/main/" in name.lower()] or find_elsewhere(files)
    return VocSource(
        format="voc",
        task="detect",
        classes=tuple(sorted(classes)),
        entries=entries if classes else (),
        problems=register.problems,
        documents=[*found, *lists, *groups_file(files)],
        root=files.root,
        rules=Rules("detect", len(classes), None, dict(policy)),
        label_files=[labels.get(entry.image, "") for entry in entries],
    )


def _read(path: Path) -> bytes:
    """A file's bytes. Raises XmlError for more than any picture's boxes take."""
    if (size := path.stat().st_size) > LARGEST_LABEL:
        raise XmlError(0, f"has {size:,} bytes, and a file of labels may have {LARGEST_LABEL:,}")
    return path.read_bytes()


def read_annotation(raw: bytes) -> Annotation:
    """Read one file. Raises XmlError for one that is no XML, declares a document type, or is no annotation."""
    path: list[str] = []
    words: dict[str, str] = {}
    objects: list[tuple[int, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: object) -> None:
        path.append(name)
        if path == ["annotation", "object"]:
            objects.append((parser.CurrentLineNumber, {}))

    def text(data: str) -> None:
        if path[:2] == ["annotation", "object"]:
            fields = objects[-1][1]
            key = "/".join(path[2:])
        else:
            fields, key = words if path[0] == "annotation" else {}, "/".join(path[1:])
        fields[key] = fields.get(key, "") + data

    def refuse(*_: object) -> None:
        raise XmlError(parser.CurrentLineNumber, "declares a document type, which no annotation needs")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: path.pop() and None
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise XmlError(error.lineno, f"is not readable XML: {expat.ErrorString(error.code)}") from error
    except XmlError:
        raise
    except (LookupError, ValueError) as error:
        raise XmlError(1, f"is not readable XML: {error}") from error
    if not words and not objects:
        raise XmlError(1, "holds no annotation")
    return Annotation(
        words.get("filename", "").strip(), _read_size(words, "size/width"), _read_size(words, "size/height"), objects
    )


def _take(judge: Judge, classes: Sequence[str], line: int, found: Mapping[str, str], size: tuple[int, int]) -> None:
    name = _read_class(found)
    if not name:
        judge.report("unknown-class", "an object without a name", line)
        return
    edges = [_read_number(found.get(f"bndbox/{edge}", "")) for edge in EDGES]
    wrong = next((edge for edge, value in zip(EDGES, edges, strict=True) if value is None), None)
    if wrong is not None:
        said = found.get(f"bndbox/{wrong}")
        judge.report(
            "malformed-row" if said is None else "not-a-number", f"{name}: {wrong} is {said!r}, no number", line
        )
        return
    left, top, right, bottom = (value for value in edges if value is not None)
    width, height = size
    box = to_fractions(box_between(left, top, right, bottom), width, height)
    judge.take(classes.index(name), box, line, f"{name}: ")


def _read_class(found: Mapping[str, str]) -> str:
    return compose(found.get("name", "").strip())


def _read_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read_size(words: Mapping[str, str], key: str) -> int:
    return read_side(_read_number(words.get(key, "")))
