"""What an endpoint followed through a video, as tracks: what each was, when it was seen, how sure that is. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.contract.answer_name import ANSWER_ID
from workflow.errors import GreenlightError
from workflow.predictions.prediction import list_counts
from workflow.predictions.tally import DIGITS
from workflow.table import format_table


@dataclass
class Track:
    """An object: its number, the seconds in which it was first and last seen, its classes and scores, one a frame."""

    number: int
    first: float
    last: float
    classes: Counter[str] = field(default_factory=Counter)
    score: float = 0.0

    @property
    def frames(self) -> int:
        """In how many it was seen."""
        return self.classes.total()

    @property
    def name(self) -> str:
        """The class that it was in most frames."""
        return self.classes.most_common(1)[0][0]

    def see(self, seconds: float, item: Mapping[str, Any]) -> None:
        """Once more."""
        self.last = seconds
        self.classes[str(item["class"])] += 1
        self.score += float(item["score"])


@dataclass
class Followed:
    """A video: the lines that were answered, one a frame, its tracks by number, and who answered."""

    lines: list[str]
    seconds: float
    tracks: dict[int, Track]
    model_digest: str
    inference_id: str

    def text(self) -> str:
        """The tracks as a table, and a line that sums them up."""
        head = ("TRACK", "CLASS", "SEEN", "FRAMES", "SCORE")
        rows = [
            (one.number, one.name, f"{one.first:.2f} to {one.last:.2f} s", one.frames, f"{one.score / one.frames:.2f}")
            for _, one in sorted(self.tracks.items())
        ]
        counts = list_counts(Counter(one.name for one in self.tracks.values())) or "nothing seen"
        tracks = "1 track" if len(rows) == 1 else f"{len(rows)} tracks"
        parts = [f"{len(self.lines)} frames", f"{self.seconds:.1f} s", f"{tracks}: {counts}"]
        total = " · ".join([*parts, f"model {self.model_digest[:DIGITS]}", self.inference_id])
        return f"{format_table(head, rows)}\n{total}" if rows else total


def read_followed(endpoint: str, answer: bytes) -> Followed:
    """Read an answer of lines. Raises GreenlightError for one of an endpoint of something else."""
    tracks: dict[int, Track] = {}
    try:
        lines = answer.decode().splitlines()
        if not lines:
            raise ValueError("no frame at all")
        for line in lines:
            document = json.loads(line)
            seconds = float(document["seconds"])
            for item in document["objects"]:
                number = int(item["track"])
                tracks.setdefault(number, Track(number, seconds, seconds)).see(seconds, item)
        return Followed(lines, seconds, tracks, str(document["model_digest"]), str(document.get(ANSWER_ID, "")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GreenlightError(
            f"{endpoint} answered something else than frames of a video: {type(error).__name__}: {error}"
        ) from error
