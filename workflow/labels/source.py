"""The one form into which every format of datasets is read: images, their splits, and rows of labels.

Knows no file and no format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workflow.contract.dataset_report import ACTIONS, FINDINGS
from workflow.contract.plain_text import show_lines


@dataclass(frozen=True, slots=True)
class Entry:
    """One image that a dataset names.

    ``image`` is its path relative to the dataset's root, with slashes. ``split`` is ``train``, ``validation``, ``test``
    or empty where the dataset does not say. ``name`` is unique within the split: what the prepared file is called.
    ``group`` is what the dataset itself names as its group, else empty. ``key`` is the reader's own index.
    """

    image: str
    split: str
    name: str
    group: str
    key: int


@dataclass(frozen=True, slots=True)
class Row:
    """One object: its class and the numbers of its YOLO row without the class, as fractions of the upright image.

    ``line`` is that in its label file, counted from 1, 0 where there are no lines.
    """

    class_id: int
    numbers: tuple[float, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something found: ``kind`` is one of the contract's FINDINGS, ``action`` one of the values of its ACTIONS.

    ``numbers`` are those of the object that it is about, as they were read, as in a Row; none where there are none.
    """

    kind: str
    file: str
    line: int
    message: str
    action: str
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the dataset says of one image.

    ``labelled`` is False where there is no label at all (``missing-label`` is then among the problems), ``dropped``
    is True where the policy leaves the image out.
    """

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    labelled: bool
    dropped: bool


class Source(Protocol):
    """A dataset that was opened. It can be pickled, and asked by several processes at once."""

    @property
    def format(self) -> str:
        """``yolo``, ``coco``, ``voc`` or ``ground-truth``; empty where the dataset was not recognised."""

    @property
    def task(self) -> str:
        """One of ``workflow.contract.model.TASKS``."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes by their numbers."""

    @property
    def keypoints(self) -> tuple[int, int] | None:
        """How many keypoints an object has, and how many numbers each (2 or 3); None but for pose."""

    @property
    def flip(self) -> tuple[int, ...] | None:
        """For each keypoint, the one it becomes in a mirrored image; None where the dataset does not say."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Every image that the dataset names."""

    @property
    def problems(self) -> Sequence[Problem]:
        """Problems of the whole set, found while it was opened."""

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """The rows of one image; ``width`` and ``height`` in pixels of the upright image as decoded, 0 if unknown."""


@dataclass(frozen=True)
class Opened:
    """What every format has once it is open, and a dataset of no recognised format altogether: problems alone.

    ``documents`` are the files below the root that are read for labels, classes, splits and groups.
    """

    format: str = ""
    task: str = "detect"
    classes: tuple[str, ...] = ()
    keypoints: tuple[int, int] | None = None
    flip: tuple[int, ...] | None = None
    entries: Sequence[Entry] = ()
    problems: Sequence[Problem] = ()
    documents: Sequence[str] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        """Nothing: there is no label here."""
        return Labelled((), (), labelled=False, dropped=False)


def problem(kind: str, file: str, line: int, message: str, policy: Mapping[str, str]) -> Problem:
    """A problem with the action that the policy, or else the kind's default, demands.

    The message is one line: what a file of labels says stands in it, and must not pose as a line of ours.
    """
    if not message.isprintable():
        message = show_lines(message.replace("\n", " "))
    return Problem(kind, file, line, message, ACTIONS[policy.get(kind, FINDINGS[kind].default)])
