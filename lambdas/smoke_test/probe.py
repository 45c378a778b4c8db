"""What production answers while a new fleet takes its share of the requests.

Every answer names the digest of its model, which tells the new fleet's from the old one's. Pure: whoever asks is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

MOST_ASKED = 24
"""Questions of one probe: with a canary of one in a hundred instances, twenty probes are heard by it almost surely."""
ENOUGH = 4
"""Answers of the new fleet after which a probe asks no more."""


class NotHeard(Exception):
    """Nobody can tell which fleet this is of: there was no answer, or it names another model or none."""


@dataclass(frozen=True)
class Heard:
    """How many of the new fleet's answers were right and wrong, and the first that was wrong in words.

    ``others`` are those of which nobody can tell that the new fleet gave them. Errors are among them: SageMaker counts
    those by fleet.
    """

    right: int = 0
    wrong: int = 0
    others: int = 0
    problem: str = ""

    @property
    def enough(self) -> bool:
        """Whether more questions would tell nothing more."""
        return self.wrong > 0 or self.right >= ENOUGH

    def summary(self) -> str:
        """In words."""
        said = f"the new fleet answered {self.right + self.wrong} of {self.right + self.wrong + self.others} questions"
        return f"{said}, and wrongly: {self.problem}" if self.wrong else said


def listen(questions: Iterable[Callable[[], str]]) -> Heard:
    """Ask until enough was heard. A question gives the difference to the expected answer in words, empty for none.

    One that raises NotHeard counts as somebody else's.
    """
    heard = Heard()
    for question in questions:
        if heard.enough:
            break
        try:
            problem = question()
        except NotHeard:
            heard = replace(heard, others=heard.others + 1)
            continue
        heard = replace(heard, wrong=1, problem=problem) if problem else replace(heard, right=heard.right + 1)
    return heard
