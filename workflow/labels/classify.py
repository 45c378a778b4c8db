"""Opens a dataset for classification: pictures in folders that are called like their class, in splits or not.

Which folders are classes, the names in ``data.yaml`` decide. Without them it is the topmost ones, unless those below
may be meant as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflow.labels.alike import compose
from workflow.labels.files import (
    SPLITS,
    Files,
    count_by_folder,
    is_structure,
    label_of,
    names_below,
    split_named,
    split_told,
)
from workflow.labels.groups import groups_file, read_groups
from workflow.labels.places import resolve
from workflow.labels.settings import Settings, SettingsError, find_settings, read_settings, shorten
from workflow.labels.source import Entry, Labelled, Opened, Problem, Row, problem

LOOKED = "no class folders: looked for train/<class>/ with pictures (and valid, test), and for <class>/"
_LABELS = (".txt", ".xml", ".json")


@dataclass(frozen=True)
class FolderSource(Opened):
    """A dataset whose folders are its classes. ``numbers`` holds the class of each entry by its key."""

    numbers: Sequence[int] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """One row without numbers: the class of the folder that the image lies in."""
        return Labelled((Row(self.numbers[entry.key], (), 0),), (), labelled=True, dropped=False)


@dataclass(frozen=True)
class Classes:
    """The class folders of each split, as paths below the split's folder; ``splits`` is what each of those is called.

    ``problems`` are kinds of findings and what they say of the splits in ``data.yaml``. ``below`` are names of folders
    that may be the classes instead, ``nested`` is a folder in that of another class.
    """

    folders: Mapping[str, Sequence[str]]
    names: tuple[str, ...]
    splits: Mapping[str, str]
    problems: Sequence[tuple[str, str]] = ()
    below: tuple[str, ...] = ()
    nested: str = ""


def find_classes(files: Files) -> Classes | None:
    """The class folders; None where there are none.

    Classes are folders that hold pictures and no label, at least two, beside no picture, and not called like a part of
    a layout; or those that ``data.yaml`` names, wherever they are. Raises SettingsError for a ``data.yaml`` that
    cannot be read.
    """
    if find_label(files):
        return None
    if find_settings(files):
        settings = read_settings(files)
        named, (splits, problems) = settings.classes, _find_splits(files, settings)
        found = {folder: _find_called(files, folder, named) for folder in splits}
        nested = next((f"{at}/{path}" for at, each in found.items() for path in each if _is_nested(path, named)), "")
        return Classes(found, named, splits, problems, (), nested.lstrip("/")) if any(found.values()) else None
    splits, _ = _find_splits(files, Settings("", ()))
    found = {folder: _list_top(files, folder) for folder in splits}
    names = sorted({compose(name) for each in found.values() for name in each})
    if len(names) < 2 or not all(found.values()):
        return None
    tops = [f"{folder}/{top}".lstrip("/") for folder, each in found.items() for top in each]
    below = {name for top in tops for name in _list_folders(files, top)}
    return Classes(found, tuple(names), splits, below=tuple(sorted(below)) if len(below) > 1 else ())


def _find_splits(files: Files, settings: Settings) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The folders of the splits, where data.yaml says or by their names; the whole where there are none."""
    base = files.base.rstrip("/")
    found: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    absent: list[str] = []
    for split in SPLITS:
        texts = settings.places.get(split, ())
        said = [name for text in texts if (name := resolve(files, settings, text)) and files.images_below(name)]
        called = [f"{files.base}{name}" for name in files.folders(base) if split_named(name) == split]
        if texts and called and not said:
            problems.append(("moved-split", f"names {' and '.join(texts)}, and the {split} split is in {called[0]}"))
        if texts and not said and not called:
            absent.append(f"names {' and '.join(texts)} for the {split} split, where no picture is")
        if twice := [folder for folder in said if folder in found]:
            problems.append(("layout", f"names {twice[0]} for the {found[twice[0]]} and the {split} split alike"))
        found |= dict.fromkeys(said or called, split)
    problems += [("made-split" if found else "layout", message) for message in absent]
    return found or {base: ""}, problems


def find_label(files: Files) -> str:
    """The first file that labels objects in pictures, where formats have theirs; empty where there is none."""
    for image in files.images:
        stem = image[: image.rindex(".")]
        for label in (label_of(image), *(stem + ending for ending in _LABELS)):
            if files.alike(label):
                return files.alike(label)[0]
    inside = (name for name in files.ending(*_LABELS) if {"labels", "annotations"} & {*name.lower().split("/")[:-1]})
    return next(inside, "")


def open_classify(files: Files, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of class folders."""
    found, refusal = None, problem("layout", files.base or ".", 0, LOOKED, policy)
    try:
        found = find_classes(files)
        if label := find_label(files):
            message = f"a label lies in {label}: folders with labels are no classes; take the labels away, or choose"
            refusal = problem("layout", label, 0, f"{message} the task that they are made for", policy)
        elif file := find_settings(files):
            names = ", ".join(read_settings(files).classes)
            message = f"names {names}, and no folder with pictures is called so: {count_by_folder(files.images)}"
            refusal = problem("layout", file, 0, message, policy)
    except SettingsError as error:
        refusal = problem("classes", error.file, error.line, str(error), policy)
    looks = found and found.below and len({split_told(name) for name in found.names} - {""}) > 1
    if found and looks:
        message = (
            f"folders look like splits and are not called so, {shorten(found.names)}: call them train, val and test"
        )
        message += ", with the folders of the classes right in them"
        refusal = problem("layout", files.base or ".", 0, message, policy)
    elif found and found.below and all(map(split_named, found.below)):
        message = f"splits lie in the folders {shorten(found.names)}: put the folders of the classes into the splits"
        refusal = problem("layout", files.base or ".", 0, message, policy)
    elif found and found.below:
        message = f"two readings: the classes {shorten(found.names)}, or {shorten(found.below)} in the folders below"
        message += f"; data.yaml decides, such as  names: [{', '.join(found.below)}]"
        refusal = problem("layout", files.base or ".", 0, message, policy)
    elif found and found.nested:
        message = "lies in the folder of another class: which of the two is meant?"
        refusal = problem("layout", found.nested, 0, message, policy)
    if not found or found.below or found.nested:
        return Opened(format="yolo", task="classify", problems=[refusal])
    groups, problems = read_groups(files, policy)
    entries: list[Entry] = []
    numbers: list[int] = []
    for split, pictures in _place(files, found).items():
        unique = names_below("", [name for name, _ in pictures.values()])
        for (image, (_, number)), name in zip(pictures.items(), unique, strict=True):
            entries.append(Entry(image, split, name, groups.get(image, ""), len(entries)))
            numbers.append(number)
    problems += [problem(kind, find_settings(files), 0, message, policy) for kind, message in found.problems]
    if deep := [entry.image for entry in entries if any(map(split_named, entry.name.split("/")[1:-1]))]:
        message = f"splits lie in folders of classes: {count_by_folder(deep)}; put the classes into the splits"
        problems.append(problem("layout", files.base or ".", 0, message, policy))
    problems += _report_left(files, entries, found.names, policy)
    settings = find_settings(files)
    return FolderSource(
        format="yolo",
        task="classify",
        classes=found.names,
        entries=entries,
        problems=problems,
        documents=[*([settings] if settings else []), *groups_file(files)],
        numbers=numbers,
    )


def _place(files: Files, classes: Classes) -> dict[str, dict[str, tuple[str, int]]]:
    """The pictures of each split, with a name that begins with the folder of their class, and its number."""
    # Two folders may be one split: their pictures get names that are unique in both together.
    splits: dict[str, dict[str, tuple[str, int]]] = {}
    for folder, inside in classes.folders.items():
        below = splits.setdefault(classes.splits[folder], {})
        for path in inside:
            place = f"{folder}/{path}".lstrip("/")
            name = place.rpartition("/")[2]
            number, start = classes.names.index(compose(name)), len(place) - len(name)
            below |= {image: (image[start:], number) for image in files.images_below(place)}
    return splits


def _report_left(
    files: Files, entries: Sequence[Entry], classes: Sequence[str], policy: Mapping[str, str]
) -> list[Problem]:
    placed = {entry.image for entry in entries}
    left = [image for image in files.images if image not in placed]
    if named := [image for image in left if not {*classes}.isdisjoint(compose(image).split("/")[:-1])]:
        message = f"folders called like classes are in no split: {count_by_folder(named)}; put them into one"
        return [problem("layout", files.base or ".", 0, message, policy)]
    return [problem("unused-file", image, 0, "in no class's folder; left out", policy) for image in left]


def _list_top(files: Files, folder: str) -> list[str]:
    """The folders directly in this one that may be classes; none where one is a part of a layout."""
    names = _list_folders(files, folder)
    return [] if any(map(is_structure, names)) else names


def _list_folders(files: Files, folder: str) -> list[str]:
    """The folders directly in this one that hold pictures; none where a picture lies beside them."""
    start = len(folder) + 1 if folder else 0
    if any("/" not in name[start:] for name in files.images_below(folder)):
        return []
    return [name for name in files.folders(folder) if files.images_below(f"{folder}/{name}".lstrip("/"))]


def _find_called(files: Files, folder: str, names: Sequence[str]) -> list[str]:
    """The folders below this one that hold pictures and are called like a class, as paths below it."""
    start = len(folder) + 1 if folder else 0
    wanted, found = set(names), dict[str, None]()
    for image in files.images_below(folder):
        parts = image[start:].split("/")[:-1]
        at = max((at for at, part in enumerate(parts) if compose(part) in wanted), default=None)
        if at is not None:
            found["/".join(parts[: at + 1])] = None
    return list(found)


def _is_nested(path: str, names: Sequence[str]) -> bool:
    """Whether a class's folder lies in another class's."""
    *above, name = compose(path).split("/")
    return any(part in names and part != name for part in above)
