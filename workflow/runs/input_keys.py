"""The keys of a run's input as people are shown them, from their declaration: by subject, with meaning and default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from workflow.contract.rule import Rule
from workflow.contract.run_input import DataInput, EvaluationInput, InstanceInput, RunInput, TrainingInput
from workflow.contract.serving import ServingInput
from workflow.contract.thresholds import Thresholds

THE_STACKS, EMPTY, NONE = "the stack's", "empty", "none"
"""Defaults that are no values to type."""

PARTS: tuple[tuple[str, type], ...] = (
    ("Keys of the input: the data", DataInput),
    ("The training", TrainingInput),
    ("The evaluation", EvaluationInput),
    ("The gate", Thresholds),
    ("The instances", InstanceInput),
    ("How it is served", ServingInput),
    ("The rest", RunInput),
)
"""What the keys are about, with the dataclass that declares them."""


def keys_by_part() -> Iterator[tuple[str, list[Field[Any]]]]:
    """The keys by what they are about, each once."""
    shown: set[str] = set()
    for title, part in PARTS:
        keys = [one for one in fields(part) if one.name not in shown]
        shown |= {one.name for one in keys}
        yield title, keys


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
