"""What a model did on the held-out pictures, counted and said as a person would: ``Finds 48 of 53 objects, 5 wrong``.

The one place for these sentences, so that the mail, the approval page and the report say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from workflow.contract.document import AtLeast, Matching
from workflow.contract.model import TASKS
from workflow.contract.scores import Lead

Number = Annotated[int, AtLeast(0)]


@dataclass(frozen=True)
class Counted:
    """Of one model at the served confidence: objects found and detections that find none.

    Of a classifier: pictures named correctly and the others.
    """

    right: Number
    wrong: Number

    def text(self) -> str:
        """The second half of every sentence."""
        return f"{self.wrong:,} wrong" if self.wrong else "none wrong"


@dataclass(frozen=True)
class Outcome:
    """The candidate, and production's model beside it (None where none was measured), on the same pictures.

    ``objects`` counts what is labelled on ``images`` pictures; of a classifier that is the pictures themselves.
    """

    task: Annotated[str, Matching("|".join(TASKS), "a task")]
    images: Number
    objects: Number
    candidate: Counted
    production: Counted | None = None

    def sentence(self) -> str:
        """What the candidate does, as a whole sentence without its full stop."""
        right, wrong = self.candidate.right, self.candidate.text()
        if self.task == "classify":
            return f"Names {right:,} of {_count(self.images, 'held-out picture')} correctly, {wrong}"
        where = _count(self.images, "held-out picture")
        return f"Finds {right:,} of {_count(self.objects, 'object')} in {where}, {wrong}"

    def beside(self) -> str:
        """What production's model does on the same pictures, ``45 of 53, 7 wrong``; empty where there is none."""
        return (
            "" if self.production is None else f"{self.production.right:,} of {self._all:,}, {self.production.text()}"
        )

    def short(self) -> str:
        """The same for the subject of a mail."""
        verb = "Names" if self.task == "classify" else "Finds"
        ours = f"{verb} {self.candidate.right:,} of {self._all:,}, {self.candidate.text()}"
        theirs = self.production
        return ours if theirs is None else f"{ours} (production {theirs.right:,}, {theirs.text()})"

    @property
    def _all(self) -> int:
        return self.images if self.task == "classify" else self.objects


def tell_chance(lead: Lead) -> str:
    """Whether a lead may be due to chance, in a few words."""
    if lead.low is None or lead.high is None:
        return "too few pictures to tell"
    if lead.low == lead.high == 0:
        return "the same on every draw"
    return "not due to chance" if lead.low > 0 or lead.high < 0 else "may be due to chance"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"
