"""Collects what is found: counts and writes all of it, and keeps some of each kind, so that memory stays bounded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import IO

from workflow.contract.dataset_report import ACTIONS, FINDINGS, Finding
from workflow.labels.source import Problem

SHOWN_OF_A_KIND = 20
"""Findings of one kind and action that a report lists."""
SHOWN = 200
"""Findings that a report lists; it counts all."""


class Findings:
    """The findings of one dataset under the policy of its run; those about the whole name it.

    ``every`` takes all of them as lines of JSON.
    """

    def __init__(self, policy: Mapping[str, str], dataset: str = "the dataset", every: IO[str] | None = None) -> None:
        self._policy = policy
        self._dataset = dataset
        self._every = every
        self._shown: dict[tuple[str, str], list[Finding]] = {}
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

    def add(self, kind: str, file: str, message: str) -> str:
        """Take note of something found in a file as a whole; what is done about it."""
        action = self.action(kind)
        self.take(Problem(kind, file, 0, message, action))
        return action

    def take(self, problem: Problem) -> None:
        """Take note of what the dataset's reader found."""
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
            shown.append(found)

    def examples(self) -> tuple[Finding, ...]:
        """Some of each kind, errors first."""
        every = [finding for findings in self._shown.values() for finding in findings]
        return tuple(sorted(every, key=lambda finding: finding.severity)[:SHOWN])
