"""The keys of a run's input, as people are shown them."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import pytest

from workflow.commands.cli import run
from workflow.commands.input_keys import BEGIN, END, README, list_keys, render_table, renew
from workflow.contract.rule import Number, OneOf, Switch, Whole, key
from workflow.contract.run_input import RULES, RunInput
from workflow.runs.input_keys import show_default


def test_the_readme_holds_the_table_of_today() -> None:
    """`make golden` writes it again."""
    text = README.read_text(encoding="utf-8")
    assert text == renew(text)


def test_the_table_has_every_key_with_its_meaning_and_its_default() -> None:
    """In the order in which they are declared."""
    rows = render_table().splitlines()[2:]
    assert re.findall(r"^\| `(\w+)` \|", render_table(), re.MULTILINE) == list(RULES)
    assert "| `epochs` | passes over the training images; a whole number from 1 to 1000 | `50` |" in rows
    assert "| `minimum_map50` | floor of mAP50; a number from 0 to 1; a run may only raise it | `0.5` |" in rows
    assert any(row.startswith("| `started_by` | who or what started the run; up to 80 letters, digits") for row in rows)


@dataclass(frozen=True)
class Kinds:
    """A default of every kind."""

    truth: bool = key(Switch(""), True)
    whole: int = key(Whole("", 0, 1), 0)
    number: float = key(Number("", 0, 1), 0.0)
    fine: float = key(Number("", 0, 1), 0.02)
    text: str = key(OneOf("", ("auto",)), "auto")


def test_a_default_is_shown_as_it_would_be_typed() -> None:
    """JSON's words, and no point behind a whole number; what cannot be typed is told in words."""
    assert [show_default(one) for one in fields(Kinds)] == ["true", "0", "0", "0.02", "auto"]
    words = {one.name: show_default(one) for one in fields(RunInput)}
    assert (words["dataset"], words["weights"]) == ("the stack's", "empty")
    assert (words["policy"], words["fallback_instances"]) == ("none", "none")


def test_the_table_is_written_between_its_markers_and_nowhere_else() -> None:
    """Whatever stood there."""
    text = f"before\n{BEGIN}old\n{END}after\n"
    assert renew(text) == f"before\n{BEGIN}{render_table()}{END}after\n"
    assert renew(renew(text)) == renew(text)


@pytest.mark.parametrize("text", ["", f"{BEGIN}table\n", f"table\n{END}", f"{END}table\n{BEGIN}"])
def test_a_text_without_a_place_for_the_table_is_refused(text: str) -> None:
    """Nothing is appended where nobody looks for it."""
    with pytest.raises(ValueError, match="no place for the table"):
        renew(text)


def test_every_key_is_shown_once_and_by_what_it_is_about() -> None:
    """A part of the input that no section shows is found here."""
    assert [name for _, keys in list_keys() for name, _ in keys] == list(RULES)
    assert all(keys for _, keys in list_keys())


def test_the_help_of_start_lists_the_keys(capsys: pytest.CaptureFixture[str]) -> None:
    """What can be set is read where it is set."""
    assert run(["start", "--help"]) == 0
    said = capsys.readouterr().out
    flowing = " ".join(said.split())
    assert re.findall(r"^  ([a-z0-9_]+) {2,}", said, re.MULTILINE) == list(RULES)
    assert "epochs passes over the training images; a whole number from 1 to 1000 [default: 50]" in flowing
