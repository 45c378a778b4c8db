"""The remark behind a finished state."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.histories import START
from workflow.runs.history import Step
from workflow.runs.notes import note_of

GAINED: list[tuple[dict[str, Any], str]] = [
    ({"plan": {"reason": "first model"}}, "first model"),
    ({"plan": {"package_version": 4, "reason": ""}}, "version 4"),
    ({"dataset": {"summary": "96 images, 271 boxes, 0 problems"}}, "96 images, 271 boxes, 0 problems"),
    ({"package": {"arn": "arn:aws:sagemaker:us-east-1:1:model-package/greenlight/7"}}, "version 7"),
    ({"approval": {"decision": "rejected", "by": "Ada", "comment": ""}}, "rejected by Ada"),
    ({"noted": {"noted": ["stage"], "missed": ["card", "lineage"]}}, "not written: card, lineage"),
    ({"noted": {"noted": ["card", "stage", "lineage"], "missed": []}}, ""),
    ({"training": {"job_name": "j"}, "other": 3}, ""),
    ({}, ""),
]


@pytest.mark.parametrize(("gained", "note"), GAINED, ids=[note or "nothing" for _, note in GAINED])
def test_a_state_says_what_it_found_out(gained: dict[str, Any], note: str) -> None:
    """Read from the documents, whatever the state is called."""
    assert note_of(Step("Any", "Task", START, gained=gained)) == note


def test_a_failed_state_says_why() -> None:
    """The cause, unpacked."""
    assert note_of(Step("Any", "Task", START, failed=True, cause='{"errorMessage": "no"}', gained={"x": 1})) == "no"


def test_a_long_remark_is_cut() -> None:
    """A row stays a row."""
    assert len(note_of(Step("Any", "Task", START, gained={"gate": {"summary": "x" * 500}}))) == 110
