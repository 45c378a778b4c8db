"""What an account check found, as a table for a person and as JSON for a program. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.account_check.estimate import Estimate
from workflow.account_check.proofs import PROVED, Result
from workflow.table import format_seconds, format_table

VERSION = 1


@dataclass(frozen=True)
class Report:
    """The end of a check: ``left`` is what should be gone and is not, ``kept`` that it was to stay.

    ``interrupted`` says that not all of it was tried.
    """

    project: str
    account: str
    region: str
    estimate: Estimate
    seconds: float
    results: Sequence[Result]
    left: Sequence[str]
    kept: bool = False
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything was proved, and nothing stayed that was not to stay."""
        proved = all(one.status == PROVED for one in self.results)
        return proved and not self.interrupted and (self.kept or not self.left)

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "version": VERSION,
            "passed": self.passed,
            "interrupted": self.interrupted,
            "project": self.project,
            "account": self.account,
            "region": self.region,
            "seconds": round(self.seconds, 1),
            "estimate": self.estimate.document(),
            "proofs": [
                {
                    "name": one.name,
                    "claim": one.claim,
                    "status": one.status,
                    "seconds": round(one.seconds, 1),
                    "evidence": dict(one.evidence),
                    "reason": one.reason,
                }
                for one in self.results
            ],
            "kept": self.kept,
            "left": list(self.left),
        }

    def text(self) -> str:
        """The report for a person."""
        rows = [row for one in self.results for row in _rows(one)]
        proved = sum(one.status == PROVED for one in self.results)
        lines = [
            format_table(("RESULT", "CLAIM", "TOOK", "SHOWN BY"), rows),
            f"{proved} of {len(self.results)} claims proved in {self.account}, {self.region},"
            f" in {format_seconds(self.seconds)}.",
        ]
        if self.kept:
            lines.append(f"Everything stays, and costs: remove it with 'greenlight destroy --project {self.project}'.")
        elif self.left:
            lines += ["What should be gone and is not:", *(f"  {one}" for one in self.left)]
            lines.append(f"Look at each, and repeat 'greenlight destroy --project {self.project}'.")
        return "\n".join(lines)


def _rows(result: Result) -> Iterator[tuple[str, str, str, str]]:
    """A line of the table, and one more for each further thing that shows it: addresses are given whole."""
    reason = result.reason.splitlines()[:1]
    first, *more = [*reason, *(f"{word}: {value}" for word, value in result.evidence.items())] or [""]
    yield result.status, result.claim, format_seconds(result.seconds), first
    yield from (("", "", "", one) for one in more)
