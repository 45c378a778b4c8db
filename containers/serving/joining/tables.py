"""Writes ``answers.jsonl``, a line a picture, and ``answers.csv``, a row an object, while the answers are read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from containers.serving.joining.answers import Answered

HEAD = ("picture", "class_id", "class", "score", "left", "top", "right", "bottom", "error")
"""Of the CSV. A picture without an object, or one that was refused, has one row; of a classifier no box is known."""


@contextmanager
def open_tables(folder: Path) -> Iterator[Callable[[Answered], None]]:
    """Open both files in a folder; what is yielded takes one answer after the other."""
    with (
        (folder / "answers.jsonl").open("w", encoding="utf-8") as lines,
        (folder / "answers.csv").open("w", encoding="utf-8", errors="replace", newline="") as rows,
    ):
        writer = csv.writer(rows)
        writer.writerow(HEAD)

        def tell(one: Answered) -> None:
            lines.write(json.dumps({"picture": one.picture, **one.document}, allow_nan=False) + "\n")
            nothing = (one.picture, "", "", "", "", "", "", "", one.error)
            seen = [
                (one.picture, thing.get("class_id"), thing.get("class"), thing.get("score"), *_box(thing), "")
                for thing in one.found
            ]
            writer.writerows(seen or [nothing])

        yield tell


def _box(thing: object) -> tuple[object, ...]:
    box = thing.get("box") if isinstance(thing, dict) else None
    return tuple(box) if isinstance(box, list) and len(box) == 4 else ("", "", "", "")
