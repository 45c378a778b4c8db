"""Shows people the keys of a run's input, from their declaration: in the README's table and in the command's help.

``python -m workflow.commands.input_keys`` writes the table into the README, between its two markers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from workflow.contract.rule import Rule
from workflow.contract.run_input import DataInput, EvaluationInput, InstanceInput, RunInput, TrainingInput
from workflow.contract.thresholds import Thresholds

README = Path(__file__).parents[1] / "README.md"
THE_STACKS, EMPTY, NONE = "the stack's", "empty", "none"
"""Defaults that are no values to type."""

BEGIN, END = "<!-- input keys -->\n", "<!-- /input keys -->\n"

PARTS: tuple[tuple[str, type], ...] = (
    ("Keys of the input: the data", DataInput),
    ("The training", TrainingInput),
    ("The evaluation", EvaluationInput),
    ("The gate", Thresholds),
    ("The instances", InstanceInput),
    ("The rest", RunInput),
)
"""What the keys are about, with the dataclass that declares them."""


def list_keys() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The keys by what they are about, each with its meaning, what is allowed and its default."""
    shown: set[str] = set()
    for title, part in PARTS:
        keys = [one for one in fields(part) if one.name not in shown]
        shown |= {one.name for one in keys}
        yield title, [(one.name, f"{explain(one)}  [default: {show_default(one)}]") for one in keys]


def render_table() -> str:
    """The keys as the rows of a Markdown table."""
    lines = ["| key | meaning and what is allowed | default |", "|---|---|---|"]
    for one in fields(RunInput):
        default = show_default(one)
        shown = default if default in (THE_STACKS, EMPTY, NONE) else f"`{default}`"
        lines.append(f"| `{one.name}` | {explain(one)} | {shown} |")
    return "".join(f"{line}\n" for line in lines)


def explain(one: Field[Any]) -> str:
    """What a key is about, what is allowed where that does not say it, and where it is policy what a run may do."""
    rule: Rule[Any] = one.metadata["rule"]
    direction = one.metadata.get("direction")
    parts = [rule.words, *([rule.allowed()] if rule.allowed() != rule.words else [])]
    return "; ".join([*parts, *([direction.words] if direction is not None else [])])


def show_default(one: Field[Any]) -> str:
    """What a key holds where nobody names it."""
    if one.default_factory is not MISSING or one.default == ():
        return NONE
    if one.default is MISSING:
        return THE_STACKS
    if isinstance(one.default, bool):
        return "true" if one.default else "false"
    return f"{one.default:.10g}" if isinstance(one.default, float) else str(one.default) or EMPTY


def renew(text: str) -> str:
    """The text with the table of today between its markers. Raises ValueError where it does not have both."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if BEGIN not in text or END not in rest:
        raise ValueError(f"no place for the table: it stands between {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + render_table() + END + after


if __name__ == "__main__":
    README.write_text(renew(README.read_text(encoding="utf-8")), encoding="utf-8")
    print("the table of input keys is written into workflow/README.md")
