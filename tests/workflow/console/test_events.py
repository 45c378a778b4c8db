"""Events as a table, and what one of them holds."""

from __future__ import annotations

import json
import sys

from tests.workflow.histories import Script
from workflow.console.events import rows_of, show_document


def test_an_event_says_which_state_it_belongs_to_and_what_went_wrong() -> None:
    """The execution's own events belong to none."""
    script = Script().enter("Train").schedule("createTrainingJob.sync", "sagemaker").fail("Failed", "out of memory")
    rows = rows_of(script.end("Aborted").events)
    assert [(row.number, row.state, row.says) for row in rows] == [
        (1, "", ""),
        (2, "Train", ""),
        (3, "Train", "sagemaker:createTrainingJob.sync"),
        (4, "Train", "Failed: out of memory"),
        (5, "", ""),
    ]


def test_a_task_token_is_shown_nowhere_also_not_in_a_text_that_holds_json() -> None:
    """Who reads it could answer in an approver's place."""
    inner = json.dumps({"Payload": {"token": "s3cret", "run": "r"}})
    shown = show_document(json.dumps({"parameters": inner, "list": [{"TaskToken": "s3cret"}], "tokens": 3}))
    assert "s3cret" not in shown
    assert json.loads(shown)["parameters"]["Payload"]["run"] == "r"
    assert json.loads(shown)["tokens"] == 3


def test_a_document_that_is_nested_too_deeply_to_be_searched_for_tokens_is_not_shown() -> None:
    """Neither as it is, nor instead of the whole page."""
    depth = sys.getrecursionlimit()
    deep = "[" * depth + '{"token": "s3cret"}' + "]" * depth
    for text in (deep, json.dumps({"parameters": deep})):
        assert show_document(text) == "not shown: nested too deeply"
