"""What an execution's history says of a decision."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.decide import taken

TOLD = {"decision": "approved", "by": "ana"}


class History:
    """A history whose tasks were completed with these outputs, the newest first."""

    exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError, InvalidArn=KeyError)

    def __init__(self, *outputs: str) -> None:
        self.outputs = outputs

    def get_paginator(self, listing: str) -> History:
        """Itself."""
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        """One page."""
        return [{"events": [{"taskSucceededEventDetails": {"output": output}} for output in self.outputs]}]


@pytest.mark.parametrize("odd", ["[" * 100_000 + "]" * 100_000, "no JSON", "{"])
def test_what_a_stranger_completed_a_task_with_keeps_no_decision_from_being_found(
    monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    """Else the watch would break off at it each minute, and leave everybody else's decisions undelivered."""
    monkeypatch.setattr(taken, "stepfunctions", History(odd, '{"by": "ana", "decision": "approved"}'))
    assert taken.has_taken("an execution", TOLD)
    monkeypatch.setattr(taken, "stepfunctions", History(odd))
    assert not taken.has_taken("an execution", TOLD)
