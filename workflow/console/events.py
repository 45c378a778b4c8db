"""The events of an execution as rows of a table, and what one of them holds, without the tokens in it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.console.visits import details_of
from workflow.contract.plain_text import show_plain
from workflow.runs.history import readable_cause

_SECRET = {"token", "tasktoken"}
_TOO_DEEP = "not shown: nested too deeply"
_HIDDEN = "not shown: whoever holds it can end the state"


@dataclass(frozen=True)
class EventRow:
    """One event: its number, its type, the state it belongs to, and what it says on one line."""

    number: int
    at: datetime
    kind: str
    state: str
    says: str


def rows_of(events: Iterable[Mapping[str, Any]]) -> list[EventRow]:
    """The events as rows, in their order."""
    rows, state = [], ""
    for event in events:
        kind, details = str(event["type"]), details_of(event)
        if kind.endswith("StateEntered"):
            state = show_plain(str(details["name"]))
        elif kind.startswith("Execution"):
            state = ""
        rows.append(EventRow(int(event["id"]), event["timestamp"], kind, state, _says(details)))
    return rows


def hide_tokens(document: Any) -> Any:
    """A JSON value without what would let its reader answer in a person's place; JSON inside of texts as well."""
    if isinstance(document, dict):
        return {key: _HIDDEN if str(key).lower() in _SECRET else hide_tokens(value) for key, value in document.items()}
    if isinstance(document, list):
        return [hide_tokens(value) for value in document]
    if isinstance(document, str) and document.startswith(("{", "[")):
        try:
            return hide_tokens(json.loads(document))
        except ValueError:
            return document
    return document


def show_document(text: str) -> str:
    """A JSON text laid out for a reader, without tokens; any other text as it is. What is too deep is not shown."""
    try:
        return json.dumps(hide_tokens(json.loads(text)), indent=2, ensure_ascii=False)
    except ValueError:
        return text
    except RecursionError:
        return _TOO_DEEP


def _says(details: Mapping[str, Any]) -> str:
    why = ": ".join(
        part for part in (str(details.get("error") or ""), readable_cause(str(details.get("cause") or ""))) if part
    )
    resource = ":".join(filter(None, (str(details.get("resourceType", "")), str(details.get("resource", "")))))
    return show_plain(why or resource)
