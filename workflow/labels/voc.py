"""Opens a dataset labelled in Pascal VOC's XML: boxes, one file an image, in ``Annotations`` or beside the images.

A document type is refused before anything of it is read, so that no entity is ever declared. Edges count from 0, as
annotation tools write them; those of the VOC challenge itself count from 1, which is a pixel on the left and top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from workflow.labels.files import SPLIT_NAMES, Files, clean_path, is_image, split_of
from workflow.labels.geometry import box_between
from workflow.labels.groups import groups_file
from workflow.labels.neighbours import find_annotated, list_ends, list_unlabelled
from workflow.labels.pixel_labels import Register, find_size, read_side, refuse_dataset, to_fractions
from workflow.labels.rows import Judge, Rules
from workflow.labels.source import Entry, Labelled, Opened, problem
from workflow.labels.xml_root import read_root

EDGES = ("xmin", "ymin", "xmax", "ymax")
SETS = ("trainval", *SPLIT_NAMES)
"""The lists of ``ImageSets/Main`` that are splits; later ones win."""


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
            annotation = read_annotation((self.root / file).read_bytes())
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


def find_annotations(files: Files) -> list[str]:
    """The XML files whose first element is an annotation."""
    return [name for name in files.ending(".xml") if read_root(files.path(name)) == "annotation"]


def open_voc(files: Files, task: str, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of VOC's XML; whatever is missing or in doubt becomes a problem."""
    if task not in ("auto", "detect"):
        return refuse_dataset("voc", task, ".", f"VOC's XML holds boxes, and the task is {task}", policy)
    register = Register(files, policy)
    splits = _read_splits(files, register)
    by_stem = find_annotated(files)
    classes: set[str] = set()
    labels: dict[str, str] = {}
    known = set(find_annotations(files))
    found = [name for name in files.ending(".xml") if name in known or name[:-4] in by_stem]
    for file in found:
        try:
            annotation = read_annotation(files.path(file).read_bytes())
        except XmlError as error:
            # The image is met again below, and its label then says what is wrong.
            annotation = Annotation("", 0, 0, ())
            if file[:-4] not in by_stem:
                register.report("malformed-row", str(error), file, error.line)
                continue
        classes |= {name for _, item in annotation.objects if (name := item.get("name", "").strip())}
        split = _find_split(splits, file, files)
        said = by_stem.get(file[:-4], annotation.image or file[:-4])
        if splits and not split and said in by_stem.values():
            register.leave_out(said, "no list of ImageSets names this image; left out")
            continue
        image = register.add(said, split, file)
        if image:
            labels[image] = file
    for image in list_unlabelled(files, labels, splits):
        split = _find_split(splits, image, files)
        if split or not splits:
            register.add_unlabelled(image, split)
    entries = register.entries(found[0] if found else ".")
    if not classes:
        register.report("classes", "no object is named", ".")
    lists = [name for name in files.ending(".txt") if "imagesets/main/" in name.lower()]
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
    name = found.get("name", "").strip()
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


def _read_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read_size(words: Mapping[str, str], key: str) -> int:
    return read_side(_read_number(words.get(key, "")))


def _read_splits(files: Files, register: Register) -> dict[str, str]:
    """The split of each image by the end of its path without ending that ``ImageSets/Main`` names."""
    lists = [(name, list_file) for name in SETS for list_file in files.ending(f"imagesets/main/{name}.txt")]
    known = {end for image in files.images for end in list_ends(image[: image.rindex(".")])} if lists else set()
    found: dict[str, str] = {}
    for name, list_file in lists:
        split = "train" if name == "trainval" else split_of(name)
        lines = files.path(list_file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            # A name may hold spaces, and a number may follow it.
            said = [_read_name(text) for text in (line, *line.split()[:1])]
            end = next((end for path in said for end in list_ends(path) if end in known), "")
            if end:
                found[end] = split
            elif line.strip():
                register.report("orphan-label", f"{line.strip()} is not in this dataset", list_file, number)
    if lists and not found:
        register.report("layout", "no picture of this dataset is in the lists that split it", lists[0][1])
    return found


def _read_name(text: str) -> str:
    """What a line of a list names, without quotes and the ending of a picture."""
    path = clean_path(text.strip().strip("\"'"))
    return path.rpartition(".")[0] if is_image(path) else path


def _find_split(splits: Mapping[str, str], name: str, files: Files) -> str:
    ends = list_ends(name.rpartition(".")[0])
    return next((splits[end] for end in ends if end in splits), "") or split_of(
        name[len(files.base) :].rpartition("/")[0]
    )
