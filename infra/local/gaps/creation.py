"""Gap: the engine creates a state machine from any definition, and a template's machine without a look at it.

AWS refuses one whose states do not fit together. The looking is `definitions.py`.
"""

from __future__ import annotations

from typing import Any

from ministack.services import stepfunctions as engine
from ministack.services.cloudformation import provisioners

from infra.local.gaps.definitions import problems
from infra.local.gaps.patching import replace

_theirs: dict[str, Any] = {}


def _refusal(data: dict[str, Any]) -> Any:
    found = problems(data["definition"]) if "definition" in data else []
    if not found:
        return None
    message = "Invalid State Machine Definition: '" + "; ".join(found) + "'"
    return engine.error_response_json("InvalidDefinition", message, 400)


def _create_state_machine(data: dict[str, Any]) -> Any:
    return _refusal(data) or _theirs["create"](data)


def _update_state_machine(data: dict[str, Any]) -> Any:
    return _refusal(data) or _theirs["update"](data)


def _validate_state_machine_definition(data: dict[str, Any]) -> Any:
    found = problems(data.get("definition", ""))
    diagnostics = [
        {"severity": "ERROR", "code": code, "message": message}
        for code, _, message in (finding.partition(": ") for finding in found)
    ]
    return engine.json_response({"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": False})


def _sfn_definition(props: dict[str, Any]) -> str:
    definition: str = _theirs["template"](props)
    found = problems(definition)
    if found:
        raise ValueError("Invalid State Machine Definition: '" + "; ".join(found) + "'")
    return definition


def install() -> None:
    """Look at every definition before it is taken."""
    _theirs["create"] = replace(engine, "_create_state_machine", _create_state_machine)
    _theirs["update"] = replace(engine, "_update_state_machine", _update_state_machine)
    _theirs["template"] = replace(provisioners, "_sfn_definition", _sfn_definition)
    replace(engine, "_validate_state_machine_definition", _validate_state_machine_definition)
