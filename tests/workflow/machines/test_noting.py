"""The notes of a version: they tell all that the function reads, and nothing depends on them."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lambdas.note_version.event import Jobs, Registered, Serving

MACHINES = Path(__file__).parents[3] / "workflow" / "machines"
NOTES: dict[str, Any] = {
    name: state
    for machine in ("build", "release")
    for name, state in json.loads((MACHINES / f"{machine}.asl.json").read_text(encoding="utf-8"))["States"].items()
    if state.get("Parameters", {}).get("FunctionName") == "${NoteVersionArn}"
}


def told(part: dict[str, Any]) -> set[str]:
    """The keys that are told."""
    return {name.removesuffix(".$") for name in part}


def read(part: type) -> set[str]:
    """The keys that are read."""
    return {field.name for field in fields(part)}


def test_a_version_is_noted_once_it_is_registered_and_once_a_stage_serves_it() -> None:
    """After the test of that stage, and before anybody is asked."""
    assert list(NOTES) == ["Note the registration", "Note staging", "Note production"]
    assert NOTES["Note the registration"]["Next"] == "Ask for approval"
    assert NOTES["Note staging"]["Next"] == "Ask before production?"
    assert NOTES["Note production"]["Next"] == "Clean up"


@pytest.mark.parametrize("name", NOTES)
def test_whatever_comes_of_a_note_the_machine_goes_on(name: str) -> None:
    """To the same state."""
    (caught,) = NOTES[name]["Catch"]
    assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], NOTES[name]["Next"])
    assert caught["ResultPath"] == "$.unnoted"


def test_a_note_tells_all_that_the_function_reads() -> None:
    """By the names of its event, and nothing else."""
    registration = NOTES["Note the registration"]["Parameters"]["Payload"]
    assert told(registration) == read(Registered) | {"kind"}
    assert told(registration["jobs"]) == read(Jobs)
    for stage in ("staging", "production"):
        payload = NOTES[f"Note {stage}"]["Parameters"]["Payload"]
        assert told(payload) == read(Serving) | {"kind"}
        assert payload["stage"] == stage
