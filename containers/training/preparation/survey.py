"""Looks at every picture and its label, and fills the catalogue."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from containers.training.preparation.catalogue import BINS_PER_PIXEL, ROW, UNSPLIT, Array, Catalogue, Part
from containers.training.preparation.findings import Findings
from containers.training.preparation.look import THUMBNAIL
from containers.training.preparation.pictures import Picture, read_picture
from containers.training.preparation.processes import map_in_order
from workflow.contract.dataset_report import FINDINGS, SPLITS
from workflow.labels.source import Labelled, Problem, Row, Source, problem

Say = Callable[[str], None]
Known = Mapping[str, Picture]

NOTHING = Labelled((), (), labelled=False, dropped=False)
"""What is known of the labels of a picture without a size."""

_PLACES = {name: at for at, name in enumerate(SPLITS)}
_SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class Surveyor:
    """Looks at ranges of a source's pictures, in any process.

    ``root`` is where the pictures lie; those in ``known`` were looked at before, by this host or another.
    """

    source: Source
    root: Path
    policy: Mapping[str, str]
    image_size: int
    known: Known | None = None

    def __call__(self, part: range) -> Part:
        """Look at one range of the source's entries. Raises OSError where a file cannot be read."""
        rows = np.zeros(len(part), ROW)
        pictures: list[Picture] = []
        labels: list[bytes] = []
        kinds: list[tuple[int, int]] = []
        sides: list[tuple[int, int, int]] = []
        problems: list[tuple[int, Problem]] = []
        for row, at in enumerate(part):
            entry = self.source.entries[at]
            picture = self.known[entry.image] if self.known is not None else read_picture(self.root / entry.image)
            found = judge_picture(entry.image, picture, self.policy)
            labelled = NOTHING
            if picture.width:
                labelled = self.source.labels(entry, picture.width, picture.height)
            objects = Counter(one.class_id for one in labelled.rows)
            kinds += sorted(objects.items())
            sides += self._sides(labelled.rows, picture)
            problems += [(at, one) for one in (*found, *labelled.problems)]
            dropped = labelled.dropped or picture.defect or any(one.action == "dropped" for one in found)
            rows["kept"][row] = not dropped
            rows["split"][row] = _PLACES.get(entry.split, UNSPLIT)
            rows["objects"][row], rows["kinds"][row] = len(labelled.rows), len(objects)
            rows["lost"][row] = sum(map(_loses, labelled.problems))
            pictures.append(picture)
            labels.append(write_rows(labelled.rows, self.source.task))
        rows["digest"] = _column([one.digest for one in pictures], 32)
        rows["look"] = _column([one.look for one in pictures], 16)
        rows["plain"] = [not one.look for one in pictures]
        rows["width"] = [one.width for one in pictures]
        rows["height"] = [one.height for one in pictures]
        rows["label_digest"] = _column([hashlib.sha256(label).digest() for label in labels], 32)
        rows["label_length"] = [len(label) for label in labels]
        numbers = [np.array(found, np.uint32).reshape(-1, wide) for found, wide in ((kinds, 2), (sides, 3))]
        thumbnails = b"".join([one.thumbnail.ljust(THUMBNAIL, b"\0") for one in pictures])
        return Part(rows, b"".join(labels), thumbnails, numbers[0], numbers[1], problems)

    def _sides(self, rows: Sequence[Row], picture: Picture) -> list[tuple[int, int, int]]:
        """Class and sides of each object in quarters of a pixel: of the picture scaled to ``image_size``, of its tiles.

        A picture that is no larger has none: it is scaled all the same.
        """
        if self.source.task == "classify":
            return []
        scale = self.image_size / max(picture.width, picture.height, 1)
        width, height, most = picture.width * scale, picture.height * scale, self.image_size * BINS_PER_PIXEL
        found = []
        for row in rows:
            side = side_of(row.numbers, self.source.task, width, height) * BINS_PER_PIXEL
            found.append((row.class_id, min(round(side), most), min(round(side / min(scale, 1)), most)))
        return found


def _loses(found: Problem) -> bool:
    """Whether an object is there and was left out, because the policy says so of what would reject."""
    return found.action == "dropped" and FINDINGS[found.kind].default == "reject"


def _column(values: Sequence[bytes], length: int) -> Array:
    """Bytes of one length, or none, as one column of rows."""
    return np.frombuffer(b"".join([value.ljust(length, b"\0") for value in values]), f"V{length}")


def survey(surveyor: Surveyor, catalogue: Catalogue, findings: Findings, say: Say) -> None:
    """Look at all pictures, on all cores."""
    total = len(catalogue.entries)
    progress = Progress("inspected", total, say)
    for part in map_in_order(surveyor, total):
        catalogue.add(part)
        for at, one in part.problems:
            findings.take(one, catalogue.entries[at].image)
        progress.add(len(part.rows))
    catalogue.flush()


def judge_picture(image: str, picture: Picture, policy: Mapping[str, str]) -> list[Problem]:
    """What is wrong or odd with a picture, by itself."""
    if picture.defect:
        return [problem(picture.defect, image, 0, picture.message, policy)]
    if picture.rotated:
        message = f"stored turned; upright it is {picture.width}x{picture.height}"
        return [problem("rotated-image", image, 0, message, policy)]
    return []


def write_rows(rows: Sequence[Row], task: str) -> bytes:
    """A label as it is handed on: a line for each object, numbers with nine digits that count."""
    if task == "classify":
        return "".join([f"{row.class_id}\n" for row in rows]).encode()
    return "".join([f"{row.class_id} {' '.join([f'{one:.9g}' for one in row.numbers])}\n" for row in rows]).encode()


def side_of(numbers: Sequence[float], task: str, width: float, height: float) -> float:
    """The side of a square as large as the object's box, in a picture of this size."""
    if task in ("detect", "pose"):
        return math.sqrt(numbers[2] * width * numbers[3] * height)
    xs, ys = [x * width for x in numbers[0::2]], [y * height for y in numbers[1::2]]
    if task == "segment":
        return math.sqrt((max(xs) - min(xs)) * (max(ys) - min(ys)))
    return math.sqrt(math.hypot(xs[1] - xs[0], ys[1] - ys[0]) * math.hypot(xs[2] - xs[1], ys[2] - ys[1]))


class Progress:
    """Says every few seconds how far something is and how fast it goes."""

    def __init__(self, done: str, total: int, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._done, self._total, self._say, self._clock = done, total, say, clock
        self._count = 0
        self._started = self._said = clock()

    def add(self, count: int) -> None:
        """Count some more."""
        self._count += count
        now = self._clock()
        if now - self._said >= _SECONDS_BETWEEN_LINES or self._count == self._total:
            self._said = now
            rate = self._count / max(now - self._started, 1e-3)
            self._say(f"{self._done} {self._count:,} of {self._total:,} images · {rate:,.0f}/s")
