"""Opens a dataset for classification: pictures in folders that are called like their class, in splits or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflow.labels.files import SPLIT_NAMES, STRUCTURE, Files, names_below
from workflow.labels.groups import groups_file, read_groups
from workflow.labels.source import Entry, Labelled, Opened, Row, problem


@dataclass(frozen=True)
class FolderSource(Opened):
    """A dataset whose folders are its classes."""

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """One row without numbers: the class of the folder that the image's name begins with."""
        row = Row(self.classes.index(entry.name.split("/", 1)[0]), (), 0)
        return Labelled((row,), (), labelled=True, dropped=False)


def class_folders(files: Files) -> dict[str, list[str]]:
    """The class folders of each split, by the split's folder; empty where the folders are no classes.

    Classes are folders that hold pictures, at least two, beside no picture, and not called like a part of a layout.
    """
    base = files.base.rstrip("/")
    tops = files.folders(base)
    splits = [name for name in tops if name.lower() in SPLIT_NAMES]
    found = {f"{files.base}{name}": _classes(files, f"{files.base}{name}") for name in splits} or {
        base: _classes(files, base)
    }
    return found if len({name for names in found.values() for name in names}) > 1 and all(found.values()) else {}


def open_classify(files: Files, policy: Mapping[str, str]) -> Opened:
    """Open a dataset of class folders."""
    folders = class_folders(files)
    if not folders:
        message = "no class folders: looked for train/<class>/ with pictures (and valid, test), and for <class>/"
        return Opened(format="yolo", task="classify", problems=[problem("layout", ".", 0, message, policy)])
    groups, problems = read_groups(files, policy)
    entries: list[Entry] = []
    found: dict[str, dict[str, str]] = {}
    for folder, classes in folders.items():
        # Two folders may be one split: names are unique in both together, and each begins with its class.
        below = found.setdefault(SPLIT_NAMES.get(folder.rpartition("/")[2].lower(), ""), {})
        for name in classes:
            images = files.images_below(f"{folder}/{name}".lstrip("/"))
            below |= {image: image[len(folder) + 1 if folder else 0 :] for image in images}
    for split, below in found.items():
        for image, name in zip(below, names_below("", list(below.values())), strict=True):
            entries.append(Entry(image, split, name, groups.get(image, ""), len(entries)))
    return FolderSource(
        format="yolo",
        task="classify",
        classes=tuple(sorted({name for names in folders.values() for name in names})),
        entries=entries,
        problems=problems,
        documents=groups_file(files),
    )


def _classes(files: Files, folder: str) -> list[str]:
    start = len(folder) + 1 if folder else 0
    if any("/" not in name[start:] for name in files.images_below(folder)):
        return []
    names = [name for name in files.folders(folder) if files.images_below(f"{folder}/{name}".lstrip("/"))]
    return [] if any(name.lower() in STRUCTURE for name in names) else names
