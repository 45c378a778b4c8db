"""The form that a run is started with, made from the input's own rules: what is typed, and what that says. Pure.

A field that is left empty is not part of the input: the stack's default holds, which the field shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import Field as DataclassField
from dataclasses import dataclass, fields, replace
from typing import Any

from workflow.contract.batch import MOST_INSTANCES, BatchInput
from workflow.contract.names import PACKAGE_ARN
from workflow.contract.reading import ContractError
from workflow.contract.release_input import FROM_THE_STACK, ReleaseInput
from workflow.contract.rule import Number, OneOf, Pattern, Patterns, Rule, Switch, Table, Whole
from workflow.contract.run_input import RULES, RunInput
from workflow.runs.input_keys import explain, keys_by_part, show_default

PACKAGE, PICTURES = "model_package_arn", "pictures"
STARTED_BY = "started_by"
_ANY_DATASET = {"dataset": "s3://bucket/any/"}


@dataclass(frozen=True)
class Field:
    """One key of an input. ``kind`` is text, number, choice or json; ``default`` holds where nothing is typed."""

    name: str
    words: str
    kind: str
    rule: Rule[Any]
    default: str = ""
    choices: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    step: str = ""
    value: str = ""
    error: str = ""

    @property
    def label(self) -> str:
        """The key as people read it."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Section:
    """The keys of one subject."""

    title: str
    fields: tuple[Field, ...]

    @property
    def touched(self) -> bool:
        """Whether something was typed there, or is wrong."""
        return any(one.value or one.error for one in self.fields)


Form = tuple[Section, ...]


def build_form(defaults: Mapping[str, Any]) -> Form:
    """The empty form of Build, on a stack whose runs start from ``defaults``."""
    return tuple(
        Section(title.removeprefix("Keys of the input: ").capitalize(), tuple(_field(one, defaults) for one in keys))
        for title, keys in keys_by_part()
    )


def release_form(defaults: Mapping[str, Any], packages: Sequence[str]) -> Form:
    """The empty form of Release; ``packages`` are the ARNs of versions to choose from, newest first."""
    rule: Rule[Any] = Pattern("the version to release", PACKAGE_ARN)
    package = Field(PACKAGE, rule.words, "choice", rule, choices=tuple(packages))
    others = tuple(_field(one, defaults) for one in fields(RunInput) if one.name in FROM_THE_STACK)
    return (Section("What is released", (package, *others)),)


def batch_form(packages: Sequence[str]) -> Form:
    """The empty form of Batch; ``packages`` are the ARNs of versions to choose from, newest first."""
    address = Pattern(
        "the folder of pictures in S3, such as s3://bucket/prefix/; subfolders belong to it", r"s3://\S.*"
    )
    version = Pattern("the version that answers, if somebody approved it; empty for production's", PACKAGE_ARN)
    kind = Pattern("the instance type that answers, such as ml.c7i.xlarge; empty for the version's own", r"ml\.\S+")
    count = Whole("instances that share the pictures", 1, MOST_INSTANCES)
    return (
        Section(
            "What is answered",
            (
                Field(PICTURES, address.words, "text", address),
                Field(PACKAGE, version.words, "choice", version, "production's", tuple(packages)),
                Field("instance", kind.words, "text", kind, "the version's own"),
                Field("instances", count.words, "number", count, "1", (), "1", str(MOST_INSTANCES), "1"),
                _field(next(one for one in fields(RunInput) if one.name == STARTED_BY), {}),
            ),
        ),
    )


def fill(form: Form, given: Mapping[str, Any]) -> Form:
    """The form with an input's values typed into it."""
    typed = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return tuple(
        replace(part, fields=tuple(replace(one, value=typed.get(one.name, "")) for one in part.fields)) for part in form
    )


def read_form(form: Form, typed: Mapping[str, str]) -> tuple[dict[str, Any], Form]:
    """The input that was typed, and the form as it was typed, with what is wrong at its field."""
    given: dict[str, Any] = {}
    parts = []
    for part in form:
        shown = []
        for one in part.fields:
            text, error = typed.get(one.name, "").strip(), ""
            if text:
                try:
                    given[one.name] = one.rule.read(one.name, _value(one, text))
                except ContractError as wrong:
                    error = str(wrong)
            shown.append(replace(one, value=text, error=error))
        parts.append(replace(part, fields=tuple(shown)))
    return given, tuple(parts)


def has_errors(form: Form) -> bool:
    """Whether something typed cannot be used."""
    return any(one.error for part in form for one in part.fields)


def check_build(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Raise ContractError where keys of a Build's input do not go together."""
    RunInput.parse(given, {**_ANY_DATASET, **defaults})


def check_release(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Raise ContractError where a Release's input cannot be used."""
    ReleaseInput.parse(given, defaults)


def check_batch(given: Mapping[str, Any]) -> None:
    """Raise ContractError where a Batch's input cannot be used."""
    BatchInput.parse(given)


def _field(key: DataclassField[Any], defaults: Mapping[str, Any]) -> Field:
    rule = RULES[key.name]
    stacks = defaults.get(key.name)
    default = show_default(key) if stacks is None else stacks if isinstance(stacks, str) else json.dumps(stacks)
    kind, choices = _kind(rule)
    low, high, step = _range(rule)
    return Field(key.name, explain(key), kind, rule, default, choices, low, high, step)


def _kind(rule: Rule[Any]) -> tuple[str, tuple[str, ...]]:
    match rule:
        case Whole() | Number():
            return "number", ()
        case Switch():
            return "choice", ("true", "false")
        case OneOf(choices=choices):
            return "choice", choices
        case Patterns() | Table():
            return "json", ()
        case _:
            return "text", ()


def _range(rule: Rule[Any]) -> tuple[str, str, str]:
    match rule:
        case Whole(low=low, high=high, multiple=multiple):
            return str(low), str(high), str(multiple)
        case Number(low=low, high=high):
            return f"{low:.10g}", f"{high:.10g}", "any"
        case _:
            return "", "", ""


def _value(one: Field, text: str) -> Any:
    """What was typed, in the type that the rule reads; the text itself where it is no such thing."""
    if one.kind == "text" or isinstance(one.rule, OneOf | Pattern):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
