"""COCO's categories as classes: which count, their numbers, their keypoints, and the task that annotations speak of.

Pure. Several files of one dataset may number the same categories differently; they meet by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from workflow.labels.alike import compose


class Categories:
    """Collects the categories of all files, and what the annotations use."""

    def __init__(self) -> None:
        self._by_file: dict[str, list[Mapping[str, Any]]] = {}
        self._used: set[tuple[str, Any]] = set()
        self._drawn: Counter[str] = Counter()

    def add(self, file: str, category: Mapping[str, Any]) -> None:
        """One category of a file, with ``id`` and ``name``."""
        self._by_file.setdefault(file, []).append(category)

    def count(self, file: str, annotation: Mapping[str, Any], drawn_as: str) -> None:
        """One annotation, and the task that it speaks of; crowds do not count."""
        self._used.add((file, annotation.get("category_id")))
        if not annotation.get("iscrowd"):
            self._drawn[drawn_as] += 1

    def task(self) -> str:
        """The task of the dataset: pose where any keypoint is labelled, else what most annotations speak of."""
        if self._drawn["pose"]:
            return "pose"
        return "segment" if self._drawn["segment"] > self._drawn["detect"] else "detect"

    def classes(self) -> tuple[str, ...]:
        """The names in the order of the ids of the first file that has them."""
        names: dict[str, None] = {}
        for file in self._by_file:
            names |= dict.fromkeys(_name(category) for category in self._list_leaves(file))
        return tuple(names)

    def number_classes(self, file: str) -> dict[Any, int]:
        """The number of the class for each category id of a file."""
        numbers = {name: number for number, name in enumerate(self.classes())}
        return {category["id"]: numbers[_name(category)] for category in self._list_leaves(file)}

    def keypoints(self) -> tuple[tuple[int, int] | None, tuple[int, ...] | None]:
        """How many keypoints an object has with 3 numbers each, and their mirror images where left and right tell."""
        named = self._list_keypoints()
        if not named:
            return None, None
        count = len(named[0])
        flips = {_mirror(points) for points in named}
        flip = flips.pop()
        known = not flips and sorted(flip) == list(range(count)) and flip != tuple(range(count))
        return (count, 3), flip if known else None

    def problems(self, task: str) -> Iterator[tuple[str, str]]:
        """What is wrong with the categories, each with its file."""
        for file in self._by_file:
            found = self._list_leaves(file)
            for what, values in (("a name", map(_name, found)), ("an id", (category["id"] for category in found))):
                twice = [value for value, count in Counter(values).items() if count > 1]
                if twice:
                    yield f"every category needs {what} of its own; there twice: {', '.join(map(str, twice))}", file
        if not self.classes():
            yield "no category is named", next(iter(self._by_file), ".")
        lengths = {len(names) for names in self._list_keypoints()}
        if task == "pose" and len(lengths) != 1:
            said = f"categories have {sorted(lengths)}" if lengths else "no category names its keypoints"
            yield f"all objects of a set need the same number of keypoints; {said}", next(iter(self._by_file), ".")
        if task == "pose":
            yield from self._find_renamed()

    def _list_leaves(self, file: str) -> list[Mapping[str, Any]]:
        """The categories of a file by id, without a parent of others that no object belongs to, as Roboflow writes."""
        found = self._by_file.get(file, [])
        heads = {str(category.get("supercategory")).strip() for category in found}
        kept = [
            category
            for category in found
            if category.get("supercategory") != "none" or _name(category) not in heads or self._is_used(_name(category))
        ]
        return sorted(kept, key=lambda category: (isinstance(category["id"], str), category["id"]))

    def _is_used(self, name: str) -> bool:
        return any(
            (file, category["id"]) in self._used
            for file, found in self._by_file.items()
            for category in found
            if _name(category) == name
        )

    def _find_renamed(self) -> Iterator[tuple[str, str]]:
        """The categories whose keypoints have other names in another file."""
        before: dict[str, list[Any]] = {}
        for file, found in self._by_file.items():
            for category in found:
                points = category.get("keypoints")
                if isinstance(points, list) and points and before.setdefault(_name(category), points) != points:
                    yield f"the keypoints of {_name(category)} are called otherwise than in another file", file

    def _list_keypoints(self) -> list[list[Any]]:
        return [
            category["keypoints"]
            for found in self._by_file.values()
            for category in found
            if isinstance(category.get("keypoints"), list) and category["keypoints"]
        ]


def _mirror(points: list[Any]) -> tuple[int, ...]:
    """For each keypoint the one whose name has left and right exchanged, -1 where there is none."""
    mirrored = [
        point.replace("left", "\0").replace("right", "left").replace("\0", "right") for point in map(str, points)
    ]
    return tuple(points.index(point) if point in points else -1 for point in mirrored)


def _name(category: Mapping[str, Any]) -> str:
    return compose(str(category["name"]).strip())
