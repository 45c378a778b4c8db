"""Which files a dataset's folder holds, and how a dataset's own words for a file find it.

Looks at names only; knows nothing of what the files hold.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from workflow.labels.alike import Alike, fold
from workflow.labels.tree import list_tree

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
"""Endings of the files that are pictures."""

SPLITS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The splits, and the folder names that mean them."""

SPLIT_NAMES: Mapping[str, str] = {name: split for split, names in SPLITS.items() for name in names}
STRUCTURE = frozenset({*SPLIT_NAMES, "images", "labels", "annotations", "jpegimages", "imagesets"})
"""Folder names that say what they hold; every other folder may be a wrapping or a class."""

LARGEST_LABEL = 64 * 2**20
"""Most bytes of the text that labels one picture: a hundred thousand outlines."""
LARGEST_LIST = 256 * 2**20
"""Most bytes of a list of pictures: those of millions."""
LONGEST_PATH = 4096
"""Letters of a line of such a list that are looked at: no path has more."""

FOLDERS_SHOWN = 5
"""Folders that a sentence names."""

_ASIDE = re.compile(r"(readme|licen[sc]e|changelog|notice)\b.*", re.IGNORECASE)
_CLASS_LIST = re.compile(r"(.*/)?(classes\.txt|_darknet\.labels|[^/]*\.names)", re.IGNORECASE)


class Files:
    """All files of a dataset by their paths relative to ``root``, with slashes; hidden ones are left out.

    ``base`` is the one folder that wraps everything, with a slash at its end, or empty.
    """

    def __init__(self, root: Path, images: Sequence[str] | None = None) -> None:
        """List ``root``; ``images`` are further pictures, which lie elsewhere."""
        self.root = root
        tree = list_tree(root, is_structure)
        self.all = sorted({*tree.files, *(images or ())})
        self.remarks = tree.remarks
        """What there is to say of links, and of what cannot be read."""
        self.images = [name for name in self.all if is_image(name)]
        self.base = _find_wrapping(self.all)
        self._known = set(self.all)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def alike(self, name: str) -> list[str]:
        """The file of this name, else all whose names look like it."""
        return [name] if name in self._known else self._alike.find(name)

    def folder_alike(self, name: str) -> str:
        """The folder of this name, else the one whose name looks like it; empty where none does, or several do."""
        if self.below(name):
            return name
        found = self._folders.find(name)
        return found[0] if len(found) == 1 else ""

    @cached_property
    def _alike(self) -> Alike:
        return Alike(self.all)

    @cached_property
    def _folders(self) -> Alike:
        holding = {name.rpartition("/")[0] for name in self.all}
        parts = (folder.split("/") for folder in holding)
        return Alike("/".join(path[:depth]) for path in parts for depth in range(1, len(path) + 1))

    def labels_of(self, image: str) -> list[str]:
        """The file with an image's YOLO label, where it belongs or beside the image; several that look the same."""
        label = label_of(image)
        if label in self._known and not label.endswith("classes.txt"):
            return [label]  # the way of nearly every picture
        beside = f"{image[: image.rindex('.')]}.txt"
        places = ([name for name in self.alike(at) if not is_class_list(name)] for at in (label, beside))
        return next(filter(None, places), [])

    def below(self, folder: str) -> list[str]:
        """Every file below a folder, given relative to the root."""
        return _below(self.all, folder)

    def images_below(self, folder: str) -> list[str]:
        """Every picture below a folder, given relative to the root."""
        return _below(self.images, folder)

    def ending(self, *suffixes: str) -> list[str]:
        """Every file whose name ends so, whatever the case."""
        return [name for name in self.all if name.lower().endswith(suffixes)]

    def folders(self, below: str) -> list[str]:
        """The names of the folders directly below a folder."""
        start = len(below) + 1 if below else 0
        return sorted({name[start:].split("/", 1)[0] for name in self.below(below) if "/" in name[start:]})

    def lines(self, name: str) -> list[str]:
        """The lines of a list of names, without blanks around them; none of a file that is too large for one."""
        if self.path(name).stat().st_size > LARGEST_LIST:
            return []
        text = self.path(name).read_text(encoding="utf-8-sig", errors="replace")
        return [line[:LONGEST_PATH].strip() for line in text.splitlines()]

    def path(self, name: str) -> Path:
        """Where a file lies on this machine."""
        return self.root / name


class Finder:
    """Finds files by what others call them: whole paths of another machine, S3 addresses, or bare names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        for name in names:
            self._by_name.setdefault(fold(name.rsplit("/", 1)[-1]), []).append(name)

    def find(self, said: str, near: str = "", split: str = "") -> list[str]:
        """The files that share the longest end of their path with ``said``; several where that does not decide.

        Names that only look like it count where it is not there itself. Among equals those in the folder ``near`` come
        first, then those in a folder named like ``split``.
        """
        path = clean_path(said)
        found = self._by_name.get(fold(path.rsplit("/", 1)[-1]), [])
        if path in found:
            return [path]
        if len(found) > 1:
            found = [name for name in found if name.rsplit("/", 1)[-1] == path.rsplit("/", 1)[-1]] or found
            parts = fold(path).split("/")
            shared = [_count_shared(parts, fold(name).split("/")) for name in found]
            found = [name for name, length in zip(found, shared, strict=True) if length == max(shared)]
        for wanted in ([name for name in found if name.startswith(near)], [n for n in found if split_of(n) == split]):
            if len(found) > 1 and wanted:
                found = wanted
        return found


def is_image(name: str) -> bool:
    """Whether a file is a picture by its name."""
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - called for every file; Path is ten times slower


def label_of(image: str) -> str:
    """Where an image's YOLO label belongs: in ``labels`` instead of the last ``images`` of its path, or beside it."""
    stem = image[: image.rindex(".")]
    head, found, tail = f"/{stem}".rpartition("/images/")
    return f"{head}/labels/{tail}.txt".lstrip("/") if found else f"{stem}.txt"


def is_class_list(name: str) -> bool:
    """Whether a file names classes, one a line, as LabelImg, Darknet, CVAT and Roboflow call it."""
    return bool(_CLASS_LIST.fullmatch(name))


def is_aside(name: str) -> bool:
    """Whether a file is there for people: a README, a licence."""
    return bool(_ASIDE.fullmatch(name.rpartition("/")[2]))


def split_named(folder: str) -> str:
    """The split that a folder's own name means, such as ``val2017``; empty for any other."""
    return SPLIT_NAMES.get(folder.lower().rstrip("0123456789"), "")


def split_told(name: str) -> str:
    """The split that any word of a name speaks of, as ``train_set`` and ``autosplit_train`` do; empty for any other."""
    words = re.findall(r"[a-z]+", name.lower())
    return next((SPLIT_NAMES[word] for word in reversed(words) if word in SPLIT_NAMES), "")


def is_structure(folder: str) -> bool:
    """Whether a folder's own name says what it holds: labels, pictures or a split."""
    return folder.lower() in STRUCTURE or bool(split_named(folder))


def count_by_folder(names: Iterable[str]) -> str:
    """Which folders hold these files, and how many each, for people to read: ``images (12), . (1)``."""
    counts = Counter(name.rpartition("/")[0] or "." for name in names)
    shown = [f"{folder} ({count})" for folder, count in sorted(counts.items())[:FOLDERS_SHOWN]]
    return ", ".join([*shown, *([f"and {len(counts) - FOLDERS_SHOWN} more"] if len(counts) > FOLDERS_SHOWN else [])])


def split_of(path: str) -> str:
    """The split that a path speaks of, such as ``annotations/instances_val2017.json``; empty where it names none.

    A list of labels tells it by any word of its name, a folder by its whole name but for digits at its end.
    """
    *folders, last = path.split("/")
    told = split_told(last) if last.lower().endswith((".json", ".manifest")) else split_named(last)
    return told or next(filter(None, map(split_named, reversed(folders))), "")


def clean_path(path: str) -> str:
    """A path of any system with slashes, without drive, scheme, and steps that stay or go up."""
    text = re.sub(r"^([A-Za-z]:|[a-z0-9]+://)", "", path.strip().replace("\\", "/"))
    return "/".join(part for part in text.split("/") if part not in ("", ".", ".."))


def names_below(folder: str, images: Sequence[str]) -> list[str]:
    """What the prepared files are called: each path below ``folder``, unique also without its ending.

    Labels are called like their picture, so ``a.jpg`` and ``a.png`` become ``a.jpg`` and ``a_png.png``. Training looks
    for labels in place of the last folder ``images``, so those in between are called ``pictures``.
    """
    taken: set[str] = set()
    names = []
    for image in images:
        name = image[len(folder) + 1 :] if folder and image.startswith(f"{folder}/") else image
        *folders, last = name.split("/")
        name = "/".join([*("pictures" if part == "images" else part for part in folders), last])
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - see is_image
        while stem in taken:
            stem = f"{stem}_{suffix[1:].lower()}"
        taken.add(stem)
        names.append(stem + suffix)
    return names


def common_folder(names: Iterable[str]) -> str:
    """The deepest folder that holds all of them, empty for the root."""
    folders = {name.rpartition("/")[0] for name in names}
    return os.path.commonpath(folders) if folders and "" not in folders else ""


def _find_wrapping(names: Sequence[str]) -> str:
    base = ""
    while True:
        rest = [name[len(base) :] for name in names if name.startswith(base)]
        tops = {name.split("/", 1)[0] for name in rest if not _ASIDE.fullmatch(name)}
        top = min(tops, default="")
        if len(tops) != 1 or top in rest or is_structure(top):
            return base
        base += f"{top}/"


def _below(names: Sequence[str], folder: str) -> list[str]:
    if not folder:
        return list(names)
    # "0" is the character after the slash: the names between them are those below the folder.
    return list(names[bisect_left(names, f"{folder}/") : bisect_left(names, f"{folder}0")])


def _count_shared(left: Sequence[str], right: Sequence[str]) -> int:
    length = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        length += 1
    return length
