"""What the formats share that say where an object is in pixels of a picture whose size they name as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workflow.labels.alike import show_names
from workflow.labels.files import Files, Finder, common_folder, count_by_folder, names_below, split_of
from workflow.labels.geometry import Numbers
from workflow.labels.groups import read_groups
from workflow.labels.source import Entry, Labelled, Opened, Problem, problem

UNKNOWN = 10**6
"""Pixels on a side of a picture whose size nobody knows: so many that nothing lies outside."""


def to_fractions(values: Sequence[float], width: int, height: int) -> Numbers:
    """Flat points in pixels as fractions of the picture."""
    return tuple(value / (height if at % 2 else width) for at, value in enumerate(values))


def read_numbers(values: Any) -> Numbers | None:
    """A JSON list as numbers, None where it is no list of numbers."""
    if not isinstance(values, list) or any(isinstance(value, bool) for value in values):
        return None
    try:
        return tuple(map(float, values)) if not any(isinstance(value, str) for value in values) else None
    except (TypeError, ValueError, OverflowError):
        return None


def read_side(value: Any) -> int:
    """A side in pixels as it is said, 0 where it is not said or no number."""
    return round(value) if isinstance(value, (int, float)) and 0 < value < UNKNOWN else 0


def find_size(
    said: tuple[int, int], found: tuple[int, int], file: str, what: str, policy: Mapping[str, str]
) -> tuple[int, int] | Labelled:
    """The size in which an image's labels are drawn: the one they name, or else its own; UNKNOWN where nobody knows.

    A picture that was scaled since keeps its labels. One of another shape was turned or exchanged, and nobody knows
    where its objects are: then what the policy says.
    """
    if not all(said):
        return found if all(found) else (UNKNOWN, UNKNOWN)
    # One pixel of rounding on either side.
    if all(found) and abs(said[0] * found[1] - said[1] * found[0]) > max(*said, *found):
        message = f"{what}drawn on {said[0]}x{said[1]} pixels, and the picture has {found[0]}x{found[1]}"
        turned = problem("malformed-row", file, 0, message, policy)
        return Labelled((), (turned,), labelled=True, dropped=turned.action == "dropped")
    return said


class Register:
    """Collects the images that a format lists: finds their files, and says what is wrong with them."""

    def __init__(self, files: Files, policy: Mapping[str, str]) -> None:
        self._files = files
        self._finder = Finder(files.images)
        self._policy = policy
        self._found: dict[str, str] = {}
        self._left: set[str] = set()
        self._named = 0
        self._missing: list[str] = []
        self.problems: list[Problem] = []

    def add(self, said: str, split: str, file: str, line: int = 0) -> str:
        """The image that ``said`` means, empty with a problem where it is not here, not one, or was added before."""
        folder, slash, _ = file.rpartition("/")
        found = self._finder.find(said, near=folder + slash, split=split)
        self._named += 1
        if not found:
            self._missing.append(said)
        if len(found) != 1:
            kind = "label-conflict" if found else "orphan-label"
            reason = f"may be any of {show_names(found[:3])}" if found else "is not in this dataset"
            self.report(kind, f"{said} {reason}", file, line)
            return ""
        if found[0] in self._found:
            self.report("label-conflict", f"{said} is labelled twice", file, line)
            return ""
        self.add_unlabelled(found[0], split)
        return found[0]

    def add_unlabelled(self, image: str, split: str) -> None:
        """Add an image of this dataset that no label names; its folder tells the split where nothing else does."""
        self._found[image] = split or split_of(image[len(self._files.base) :].rpartition("/")[0])

    def choose(self, names: Sequence[str]) -> str:
        """The first of several names for one image that any image has, else the first of them."""
        return next((name for name in names if self._finder.find(name)), names[0])

    def leave_out_named(self, said: str, why: str) -> None:
        """Note the images that ``said`` means as no part of the set."""
        for image in self._finder.find(said):
            self.leave_out(image, why)

    def leave_out(self, image: str, why: str) -> None:
        """Note an image that is no part of the set."""
        self._left.add(image)
        self.report("unused-file", why, image)

    def report(self, kind: str, message: str, file: str, line: int = 0) -> None:
        """Note a problem of the whole set."""
        self.problems.append(problem(kind, file, line, message, self._policy))

    def entries(self, where: str, called: str = "annotations", lists: Sequence[str] = ()) -> list[Entry]:
        """An entry for every image, in the order in which they were added; ``where`` is the file that lists them.

        What people call that file is ``called``; ``lists`` are all such files where each lists many. Where most of its
        images are not here, that is the first problem.
        """
        groups, problems = read_groups(self._files, self._policy)
        self.problems += problems
        if self._missing and len(self._missing) * 2 > self._named:
            # Without any there is nothing to go on with.
            kind = "missing-images" if self._found else "layout"
            self.problems.insert(0, problem(kind, where, 0, self._tell_missing(called), self._policy))
        elif not self._found:
            self.report("layout", "none of the images that it names is here", where)
        for image in self._files.images:
            if self._found and image not in self._found and image not in self._left:
                self.report("unused-file", "no label names this image; left out", image)
        nowhere = [image for image, split in self._found.items() if not split]
        if nowhere and len(nowhere) < len(self._found):
            message = f"pictures of no split lie beside those of others: {count_by_folder(nowhere)}"
            self.report("layout", f"{message}; name them in the lists of a split, or move them to its folder", where)
        if len(lists) > 1 and len(nowhere) == len(self._found):
            message = f"no file is called like a split: the pictures of {', '.join(lists[:5])} are one set, of which"
            message += " splits are made; if they are splits, call them train, val and test"
            self.report("joined-folders", message, lists[0])
        names: dict[str, str] = {}
        for split in set(self._found.values()):
            images = [image for image, where_to in self._found.items() if where_to == split]
            names |= zip(images, names_below(common_folder(images), images), strict=True)
        return [
            Entry(image, split, names[image], groups.get(image, ""), key)
            for key, (image, split) in enumerate(self._found.items())
        ]

    def _tell_missing(self, called: str) -> str:
        """How many images are not here, where they were looked for, and what to do."""
        there = count_by_folder(self._files.images)
        looked = f"among the pictures in {there}" if there else "and there is no picture at all"
        return (
            f"{len(self._missing):,} of {self._named:,} pictures of the {called} are not there: looked for files called"
            f" like {self._missing[0]} {looked}; copy the pictures there, in the same folder or below it"
            f", under the names that it says, or take the {called} away where another set is meant"
        )


def refuse_dataset(format_name: str, task: str, file: str, message: str, policy: Mapping[str, str]) -> Opened:
    """A dataset of which nothing can be read but why."""
    why = problem("layout", file, 0, message, policy)
    return Opened(format=format_name, task="detect" if task == "auto" else task, problems=[why])
