"""What an approver sees before opening the report: the counts, what changed in the data, the worst pictures.

The evaluation puts it into its own report, as a comment that no browser shows. So whoever shows it can hold it to the
digest of the report that people were asked with, and no second file has to be believed. It is data, never markup:
whoever shows it draws it anew.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Annotated

from workflow.contract.document import AtLeast, Document, Matching, Text
from workflow.contract.outcome import Outcome
from workflow.contract.reading import ContractError
from workflow.contract.scores import Lead

MOST_PICTURES = 4
LARGEST_JPEG = 60_000
"""Bytes of one picture; the few of them travel within a page and have to reach a phone."""

RIGHT, WRONG, MISSED = "right", "wrong", "missed"
"""What may be said of a box: found as labelled; nothing of the class is labelled there; labelled, not found."""

_PLACE = re.compile(r"<!--glance:([^<>]*)-->")


@dataclass(frozen=True)
class Share:
    """A number from 0 to 1: a place in a picture, as a fraction of its width or height."""

    def broken(self, value: float) -> str:
        """What the number must be, where it is not."""
        return "" if 0 <= value <= 1 else "from 0 to 1"


@dataclass(frozen=True)
class Jpeg:
    """A JPEG in base64 that is not too large."""

    def broken(self, value: str) -> str:
        """What the text must be, where it is not."""
        try:
            content = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return "base64"
        whole = content.startswith(b"\xff\xd8\xff") and len(content) <= LARGEST_JPEG
        return "" if whole else f"a JPEG of at most {LARGEST_JPEG:,} bytes"


Place = Annotated[float, Share()]


@dataclass(frozen=True)
class Four:
    """Exactly four numbers."""

    def broken(self, value: tuple[float, ...]) -> str:
        """What it must be, where it is not."""
        return "" if len(value) == 4 else "four numbers"


@dataclass(frozen=True)
class Shape:
    """A box on a picture. ``sides`` are left, top, right, bottom; places in ``outlines`` and ``points`` are x, y, x, y.

    ``outlines`` are those of a mask, or the one of a turned box; ``points`` the visible key points.
    """

    kind: Annotated[str, Matching(f"{RIGHT}|{WRONG}|{MISSED}", "right, wrong or missed")]
    label: str
    sides: Annotated[tuple[Place, ...], Four()]
    outlines: tuple[tuple[Place, ...], ...] = ()
    points: tuple[Place, ...] = ()


@dataclass(frozen=True)
class View:
    """What one model said of a picture: its boxes, or what a classifier said, in words."""

    shapes: tuple[Shape, ...] = ()
    said: str = ""


@dataclass(frozen=True)
class GlancePicture:
    """A held-out picture, ``width`` by ``height`` pixels, small as ``jpeg``; ``production`` is None where none is."""

    name: Text
    width: Annotated[int, AtLeast(1)]
    height: Annotated[int, AtLeast(1)]
    jpeg: Annotated[str, Jpeg()]
    candidate: View
    production: View | None = None


@dataclass(frozen=True)
class Few:
    """At most as many pictures as a page shows."""

    def broken(self, value: tuple[GlancePicture, ...]) -> str:
        """What it must be, where it is not."""
        return "" if len(value) <= MOST_PICTURES else f"at most {MOST_PICTURES} pictures"


@dataclass(frozen=True, kw_only=True)
class Glance(Document):
    """``data`` is what changed in the data since production's, in words, empty where nobody knows.

    ``lead`` is how far the candidate is ahead in the figure that decides, None where nothing was compared.
    """

    outcome: Outcome
    data: str = ""
    lead: Lead | None = None
    pictures: Annotated[tuple[GlancePicture, ...], Few()] = ()

    def comment(self) -> str:
        """What the report carries: no name in it can end the comment, or begin another."""
        text = json.dumps(self.document(), ensure_ascii=False, separators=(",", ":"))
        harmless = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
        return f"<!--glance:{harmless}-->"


def find_glance(page: str) -> Glance | None:
    """What a report carries; None for one that carries none. Raises ContractError where it cannot be believed."""
    found = _PLACE.findall(page)
    if not found:
        return None
    if len(found) > 1:
        raise ContractError("the report carries two glances")
    try:
        document = json.loads(found[0])
    except (ValueError, RecursionError) as error:
        raise ContractError(f"the report's glance cannot be read: {type(error).__name__}") from error
    return Glance.parse(document)
