"""What the judgement of a whole dataset costs."""

from __future__ import annotations

import hashlib
import tempfile
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.training.preparation.judgement import judge
from containers.training.preparation.options import Options
from containers.training.preparation.pictures import Picture
from workflow.labels.source import Entry, Labelled, Problem, Row


@dataclass(frozen=True)
class Invented:
    """A source of three boxes in every picture."""

    entries: Sequence[Entry]
    format: str = "yolo"
    task: str = "detect"
    classes: tuple[str, ...] = ("bolt", "nut", "washer")
    keypoints: None = None
    flip: None = None
    problems: Sequence[Problem] = ()

    def labels(self, entry: Entry, width: int, height: int) -> Labelled:
        return Labelled(
            tuple(Row(class_id, (0.5, 0.5, 0.2, 0.1 + entry.key % 7 / 10), 1) for class_id in range(3)),
            (),
            labelled=True,
            dropped=False,
        )


def judged_bytes(count: int) -> int:
    """The most memory that judging so many pictures takes in this process, the list of pictures left out."""
    source = Invented([Entry(f"{at}.jpg", "", f"{at}.jpg", "", at) for at in range(count)])
    digests = [hashlib.sha256(b"%d" % at).digest() for at in range(count)]
    known = {
        f"{at}.jpg": Picture(digest, 640, 480, look=digest[:16], thumbnail=digest * 32)
        for at, digest in enumerate(digests)
    }
    with tempfile.TemporaryFile() as spool:
        tracemalloc.start()
        judged = judge(source, Path(), Options(), spool, known=known)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert judged.sound
    assert sum(split.images for split in judged.report.splits.values()) == count
    return peak


def test_a_picture_more_takes_a_few_hundred_bytes_and_no_label_is_kept() -> None:
    """At its peak, while the splits are made; what stays is 111 bytes and 8 for each class seen."""
    assert judged_bytes(9_000) - judged_bytes(1_000) < 8_000 * 1_000
