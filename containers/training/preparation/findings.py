"""Collects what is found: counts and writes all of it, and keeps some of each kind, so that memory stays bounded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from workflow.contract.dataset_report import ACTIONS, FINDINGS, Finding
from workflow.labels.source import Problem

SHOWN_OF_A_KIND = 20
"""Findings of one kind and action that a report lists."""
SHOWN = 200
"""Findings that a report lists; it counts all."""


@dataclass(frozen=True)
class Sample:
    """A finding with what there is to see of it.

    ``pictures`` are the paths of the picture it was found in and of others it speaks of; ``numbers`` are those of the
    object it is about, as a label's row has them.
    """

    finding: Finding
    pictures: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()


class Findings:
    """The findings of one dataset under the policy of its run; those about the whole name it.

    ``every`` takes all of them as lines of JSON.
    """

    def __init__(self, policy: Mapping[str, str], dataset: str = "the dataset", every: IO[str] | None = None) -> None:
        self._policy = policy
        self._dataset = dataset
        self._every = every
        self._shown: dict[tuple[str, str], list[Sample]] = {}
        self.counted: Counter[str] = Counter()
        """How often each kind was found."""
        self.noted: Counter[str] = Counter()
        """How often each kind was no more than noted."""
        self.rejected: Counter[str] = Counter()
        """How often each kind rejects the dataset."""

    @property
    def errors(self) -> int:
        """How many of them reject the dataset."""
        return self.rejected.total()

    @property
    def warnings(self) -> int:
        """How many of them do not."""
        return self.counted.total() - self.errors

    def action(self, kind: str) -> str:
        """What is done about a kind: one of the values of ``workflow.contract.dataset_report.ACTIONS``."""
        return ACTIONS[self._policy.get(kind, FINDINGS[kind].default)]

    def add(self, kind: str, file: str, message: str, *pictures: str) -> str:
        """Take note of something found in a file as a whole, and to be seen in ``pictures``; what is done about it."""
        action = self.action(kind)
        self.take(Problem(kind, file, 0, message, action), *pictures)
        return action

    def take(self, problem: Problem, *pictures: str) -> None:
        """Take note of what was found, by the dataset's reader or in its ``pictures``."""
        rejected = problem.action == "rejected"
        self.counted[problem.kind] += 1
        self.noted[problem.kind] += problem.action == "noted"
        self.rejected[problem.kind] += rejected
        severity = "error" if rejected else "warning"
        advice = FINDINGS[problem.kind].advice
        file = self._dataset if problem.file in (".", "") else problem.file
        found = Finding(severity, file, problem.line, problem.message, problem.kind, problem.action, advice)
        if self._every is not None:
            self._every.write(json.dumps(vars(found), ensure_ascii=False) + "\n")
        shown = self._shown.setdefault((problem.kind, problem.action), [])
        if len(shown) < SHOWN_OF_A_KIND:
            shown.append(Sample(found, pictures, problem.numbers))

    def examples(self) -> tuple[Finding, ...]:
        """Some of each kind, errors first."""
        every = [sample.finding for sample in self.samples()]
        return tuple(sorted(every, key=lambda finding: finding.severity)[:SHOWN])

    def samples(self) -> list[Sample]:
        """Some of each kind and action, with what there is to see of them."""
        return [sample for samples in self._shown.values() for sample in samples]
