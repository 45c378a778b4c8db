"""What every form is written from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workflow.labelling.objects import Pictured


@dataclass(frozen=True)
class Sheet:
    """Labelled pictures of one task; ``classes`` in the order of their numbers.

    ``drawn`` is whether a person drew the labels; where none did, they are suggestions of the model called ``author``.
    ``addresses`` is where each picture lies in S3 by its name, ``moment`` when this was written (ISO 8601).
    ``split`` is what the file says of its pictures, empty for nothing.
    """

    task: str
    classes: tuple[str, ...]
    pictures: Sequence[Pictured]
    author: str
    moment: str
    drawn: bool = False
    addresses: Mapping[str, str] = field(default_factory=dict)
    split: str = ""

    def number(self, name: str) -> int:
        """The number of a class."""
        return self.classes.index(name)
