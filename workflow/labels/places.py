"""Finds where the pictures of each split of a YOLO dataset are: where ``data.yaml`` says, or in folders called like it.

Where nothing tells of splits, lists called like them do, as Darknet's; or else all pictures are one set.

A person's own splits are never thrown away: they are read, or the dataset is refused with what was looked for and what
is there. Whatever is read from elsewhere than ``data.yaml`` says is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from workflow.labels.alike import show_names
from workflow.labels.files import (
    SPLITS,
    Files,
    Finder,
    clean_path,
    common_folder,
    count_by_folder,
    is_class_list,
    is_image,
    is_structure,
    split_named,
    split_told,
)
from workflow.labels.settings import Settings
from workflow.labels.source import Problem, problem

WORDS = {"train": "train", "validation": "val", "test": "test"}
"""What data.yaml calls each split."""
LINE_SHOWN = 200
"""Letters of a line that no picture is called by."""


@dataclass(frozen=True)
class Place:
    """Where one split's images are: a folder and what lies below it, or the folder that is common to ``lists``."""

    folder: str
    images: Sequence[str]
    lists: Sequence[str] = ()


def is_list(name: str) -> bool:
    """Whether a place is a list of pictures, and no folder of them."""
    return name.lower().endswith(".txt")


def find_lists(files: Files) -> list[str]:
    """The texts that list pictures of the dataset and are no labels."""
    labels = {label for image in files.images for label in files.labels_of(image)}
    texts = [name for name in files.ending(".txt") if name not in labels and not is_class_list(name)]
    finder = Finder(files.images)
    return [name for name in texts if any(is_image(one) and finder.find(one) for one in files.lines(name))]


def find_places(
    files: Files, settings: Settings, problems: list[Problem], policy: Mapping[str, str]
) -> dict[str, Place]:
    """Where the images of each split are; one split without a name where the dataset has none."""
    search = _Search(files, settings, problems, policy)
    search.run()
    return search.places


def resolve(files: Files, settings: Settings, text: str) -> str:
    """A folder or list that data.yaml names, as a path of this dataset; empty where nothing of it is here.

    Paths of another machine are cut from the left until what is left exists, but never so far that what tells the
    split is lost: neither ``train/images`` nor ``mine/images`` is the ``images`` that holds all splits.
    """
    above, parts = [part for part in settings.root.split("/") if part], text.split("/")
    telling = [at for at, part in enumerate(parts) if split_named(part)]
    telling = telling or [at for at, part in enumerate(parts) if not is_structure(part)] or [0]
    path = [*above, *parts]
    for at in range(len(above) + telling[-1] + 1):
        name = files.base + "/".join(path[at:])
        if not path[-1]:
            continue
        if not is_list(name) and (folder := files.folder_alike(name)) and files.images_below(folder):
            return folder
        if len(found := files.alike(name)) == 1:
            return found[0]
    return ""


class _Search:
    def __init__(self, files: Files, settings: Settings, problems: list[Problem], policy: Mapping[str, str]) -> None:
        self._files, self._settings, self._problems, self._policy = files, settings, problems, policy
        self.places: dict[str, Place] = {}
        self._folders: dict[str, list[str]] = {}
        self._said: set[str] = set()

    def run(self) -> None:
        said = self._resolve_all()
        self._said = {name for names in said.values() for name in names}
        absent = [split for split in SPLITS if not self._place(split, said.get(split, ()))]
        absent = [split for split in absent if self._settings.places.get(split)]
        if not self.places and not self._settings.places:
            self._find_lists()
        flat = f"{self._files.base}images"
        if not self.places and self._files.images_below(flat):
            self.places[""] = self._read((flat,), "")
        if not self.places and (images := self._list_labelled_folders()):
            self.places[""] = Place(common_folder(images), images)
        self._report_nested()
        self._report_left(absent)

    def _resolve_all(self) -> dict[str, tuple[str, ...]]:
        """What data.yaml says of each split, as far as it is here and no other split's as well."""
        found = {
            split: tuple(filter(None, (resolve(self._files, self._settings, text) for text in texts)))
            for split, texts in self._settings.places.items()
        }
        found = {split: names for split, names in found.items() if names}
        shared = [split for split, names in found.items() if list(found.values()).count(names) > 1]
        if any(self._find_called(split) for split in shared):
            # Two splits of one folder are none, and the folders below it tell which is which.
            return {split: names for split, names in found.items() if split not in shared}
        return {split: names for split, names in found.items() if names not in _before(found, split)}

    def _place(self, split: str, said: Sequence[str]) -> bool:
        """Find one split; whether it is there."""
        texts = self._settings.places.get(split, ())
        if said:
            for text in texts:
                if not resolve(self._files, self._settings, text):
                    self._report("layout", f"the {split} split is said to be in {text}, and no picture is there")
            self.places[split] = self._read(said, split)
            return True
        called = self._find_called(split)
        if len(called) > 1:
            message = f"the {split} split is there twice: {' and '.join(called)}"
            self._problems.append(problem("layout", self._files.base or ".", 0, message, self._policy))
        if called:
            self.places[split] = self._read(called[:1], split)
        if called and texts:
            message = f"the {split} split is read from {called[0]}, which is called like it: {self._describe(split)}"
            self._report("moved-split", message)
        return bool(called)

    def _find_lists(self) -> None:
        """Lists that are called like splits: the way of Darknet, also where its own file of settings is lost."""
        lists = find_lists(self._files)
        for split in SPLITS:
            called = [name for name in lists if split_told(PurePosixPath(name).stem) == split]
            called = [name for name in called if split_named(PurePosixPath(name).stem)] or called
            if len(called) > 1:
                message = f"the {split} split is listed twice: {' and '.join(called)}"
                self._problems.append(problem("layout", called[0], 0, message, self._policy))
            if called:
                self.places[split] = self._read(called[:1], split)
        for name in () if self.places else lists:
            message = "lists pictures and is called like no split, as train.txt is: splits are made of the whole set"
            self._problems.append(problem("joined-folders", name, 0, message, self._policy))

    def _list_labelled_folders(self) -> list[str]:
        """The pictures of those folders in which any has a label."""
        folders = {image.rpartition("/")[0] for image in self._files.images if self._files.labels_of(image)}
        return [image for image in self._files.images if image.rpartition("/")[0] in folders]

    def _find_called(self, split: str) -> list[str]:
        """The folders that are called like the split and hold its images: ``train/images`` (Roboflow), ``images/train``
        (Ultralytics), or ``train`` with the labels in it; but for those that data.yaml names for a split.
        """
        files, base = self._files, self._files.base
        tops = [f"{base}{name}" for name in files.folders(base.rstrip("/")) if split_named(name) == split]
        found = [f"{top}/images" for top in tops if files.images_below(f"{top}/images")]
        below = files.folders(f"{base}images")
        found += [f"{base}images/{name}" for name in below if split_named(name) == split]
        found = [folder for folder in found if files.images_below(folder)]
        found = found or [top for top in tops if _holds_labels(files, top)]
        return [folder for folder in found if folder not in self._said]

    def _read(self, said: Sequence[str], split: str) -> Place:
        images: dict[str, None] = {}
        finder: Finder | None = None
        self._folders[split] = [name for name in said if not is_list(name)]
        for name in said:
            if not is_list(name):
                images |= dict.fromkeys(self._files.images_below(name))
                continue
            finder = finder or Finder(self._files.images)
            images |= dict.fromkeys(self._read_list(name, split, finder))
        folder = said[0] if len(said) == 1 and not is_list(said[0]) else common_folder(images)
        return Place(folder, list(images), [name for name in said if is_list(name)])

    def _read_list(self, name: str, split: str, finder: Finder) -> Iterator[str]:
        near = name[: name.rfind("/") + 1]
        for number, line in enumerate(self._files.lines(name), start=1):
            if not line:
                continue
            beside = near + clean_path(line)
            found = [beside] if beside in self._files and is_image(beside) else finder.find(line, near, split)
            if len(found) != 1:
                kind = "label-conflict" if found else "layout"
                reason = f"may be any of {show_names(found[:3])}" if found else "is not in this dataset"
                doubt = problem(kind, name, number, f"{line[:LINE_SHOWN]} {reason}", self._policy)
                self._problems.append(doubt)
                if doubt.action == "dropped":
                    continue
            yield from found[:1]

    def _report_nested(self) -> None:
        """Folders of splits in those of others, and folders called like a split in one that data.yaml names.

        Every picture of the inner one would be in both, or in a split that its folder is not called like.
        """
        pairs = [(split, folder) for split, folders in self._folders.items() for folder in folders if split]
        for outer, whole in pairs:
            for inner, part in pairs:
                if inner != outer and f"{part}/".startswith(f"{whole}/"):
                    message = f"the {inner} split, {part}, lies in the {outer} split, {whole}"
                    self._report("layout", f"{message}: name folders of which none holds the other")
            count = len(self._files.images_below(whole))
            for name in filter(split_named, self._files.folders(whole)):
                if len(self._files.images_below(f"{whole}/{name}")) not in (0, count):
                    message = f"the {outer} split, {whole}, holds a folder {name}, which is called like a split"
                    self._report("layout", f"{message}, and more: name the folder of each split")

    def _report_left(self, absent: Sequence[str]) -> None:
        """Pictures that are in no split, and splits that data.yaml names and that are not there."""
        placed = {image for place in self.places.values() for image in place.images}
        left = [image for image in self._files.images if image not in placed]
        labelled = [image for image in left if self._files.labels_of(image)]
        unsplit = [""] if "" in self.places and absent else []
        for split in absent:
            said = self._describe(split)
            there = count_by_folder(placed if unsplit else labelled)
            if split == "train" or unsplit or labelled:
                here = f"labelled pictures are in {there}" if there else "there are no other labelled pictures"
                advice = f"{here}: correct the line {WORDS[split]}:, or take it out and the split is made"
                self._report("layout", f"the {split} split is not there: {said}; {advice}")
            else:
                self._report("made-split", f"the {split} split is made from the training pictures: {said}")
        if not self.places:
            return
        if labelled and not (self._settings.places and {"train", ""} & {*self.places}):
            message = (
                f"labelled pictures are in no split: {count_by_folder(labelled)}; name all of a split's folders in"
            )
            message += " data.yaml, such as  train: [images/train, images/more], or take them away"
            self._problems.append(problem("layout", self._files.base or ".", 0, message, self._policy))
            return
        listed = any(place.lists for place in self.places.values())
        why = f"in no split's folder{' or list' if listed else ''}; left out"
        for image in left:
            self._problems.append(problem("unused-file", image, 0, why, self._policy))

    def _describe(self, split: str) -> str:
        """What data.yaml says of a split that is not to be had from there."""
        texts, name = self._settings.places[split], self._settings.file.rpartition("/")[2]
        found = [there for text in texts if (there := resolve(self._files, self._settings, text))]
        others = [other for other, names in self._settings.places.items() if other != split and names == texts]
        if not all(texts):
            return f"{name} names the whole folder, and no folder or list in it"
        if found and others:
            return f"{name} names {' and '.join(texts)} for {' and '.join([*others, split])} alike"
        return f"{name} names {' and '.join(texts)}, where no picture is"

    def _report(self, kind: str, message: str) -> None:
        self._problems.append(problem(kind, self._settings.file, 0, message, self._policy))


def _before(found: Mapping[str, tuple[str, ...]], split: str) -> list[tuple[str, ...]]:
    """What the splits that come before this one have."""
    order = list(SPLITS)
    return [names for other, names in found.items() if order.index(other) < order.index(split)]


def _holds_labels(files: Files, folder: str) -> bool:
    """Whether pictures of a folder have YOLO labels, or text labels lie directly in it."""
    return any(map(files.labels_of, files.images_below(folder))) or any(
        name.lower().endswith(".txt")
        and not name.lower().endswith("classes.txt")
        and "/" not in name[len(folder) + 1 :]
        for name in files.below(folder)
    )
