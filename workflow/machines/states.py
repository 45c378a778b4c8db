"""Strict subclasses of the SDK's states.

The SDK lets a mistyped attribute pass, drops fields it does not know and renders a misplaced placeholder as text.
Here each of these raises. Knows no run, no name and no order of states.
"""

from __future__ import annotations

import copy
import functools
from typing import Any, ClassVar

from sagemaker.session import Session
from stepfunctions import steps as sdk
from stepfunctions.inputs import Placeholder
from stepfunctions.steps import integration_resources

from workflow.machines import settings

LONGEST_NAME = 80
"""Step Functions' limit for a state's name."""

Parameters = dict[str, Any]

# The SDK would write the partition of whoever renders; a stack fills in its own. This is its one place that knows.
integration_resources.get_aws_partition = lambda: settings.PARTITION


@functools.cache
def offline_session() -> Session:
    """The session estimators and processors ask for; it makes no call here.

    Its defaults are emptied: the SageMaker SDK would check them against their schema for every argument.
    """
    session = Session()
    session.sagemaker_config = {}
    return session


class DefinitionError(ValueError):
    """A state is written in a way that would render a wrong definition."""


class Strict:
    """Mixin before an SDK block: knows the fields the SDK lacks, refuses attributes and values nobody meant."""

    extra: ClassVar[frozenset[str]] = frozenset()
    fields: dict[str, Any]
    state_id: str

    def is_field_allowed(self, field_name: str) -> bool:
        """Whether the block may carry this field, the SDK's own or one added here."""
        return field_name in self.extra or bool(super().is_field_allowed(field_name))  # type: ignore[misc]

    def __getattr__(self, name: str) -> Any:
        """Give a known field or None where it is not set; raise AttributeError for anything else."""
        if name.startswith("__") or "fields" not in self.__dict__:
            raise AttributeError(name)
        if name in self.fields:
            return self.fields[name]
        if self.is_field_allowed(name):
            return None
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def check(self) -> None:
        """Raise DefinitionError for a placeholder in a list, an object rendered as text, or a name too long."""
        name = self.__dict__.get("state_id", type(self).__name__)
        if len(name) > LONGEST_NAME:
            raise DefinitionError(f"{name}: longer than {LONGEST_NAME} characters")
        _check_value(self.fields, name)

    def to_dict(self) -> dict[str, Any]:
        """The block in the States Language, checked."""
        self.check()
        rendered: dict[str, Any] = super().to_dict()  # type: ignore[misc]
        return rendered


def _check_value(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_value(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            if isinstance(item, Placeholder):
                raise DefinitionError(f"{where}[{at}]: a placeholder cannot stand in a list; use States.Array(...)")
            _check_value(item, f"{where}[{at}]")
    elif isinstance(value, str) and " object at 0x" in value:
        raise DefinitionError(f"{where}: an object was rendered as text: {value}")


def _without_shadowed(parameters: Any) -> Any:
    """Drop every ``Key`` whose value is given at run time as ``Key.$``: the States Language allows only one of them."""
    if isinstance(parameters, dict):
        return {
            key: _without_shadowed(value)
            for key, value in parameters.items()
            if f"{key}.$" not in parameters and value is not None
        }
    if isinstance(parameters, list):
        return [_without_shadowed(item) for item in parameters]
    return parameters


class Retry(Strict, sdk.Retry):
    """A retrier with a ceiling for its delay and jitter."""

    extra = frozenset({"max_delay_seconds", "jitter_strategy"})


class Catch(Strict, sdk.Catch):
    """A catcher."""


class Pass(Strict, sdk.Pass):
    """A state that shapes data."""


class Wait(Strict, sdk.Wait):
    """A pause."""


class Choice(Strict, sdk.Choice):
    """A branch; every one must have a default."""

    def check(self) -> None:
        """Raise DefinitionError where the default is missing."""
        super().check()
        if self.__dict__.get("default") is None:
            raise DefinitionError(f"{self.state_id}: a choice needs a default")


class Succeed(Strict, sdk.Succeed):
    """A good end."""


class Fail(Strict, sdk.Fail):
    """A bad end, whose error and cause are read from the state's input."""

    extra = frozenset({"error_path", "cause_path"})


class _Task(Strict):
    """What every task here must have: a time limit, retries and a catcher."""

    extra = frozenset({"result_selector"})

    def check(self) -> None:
        """Raise DefinitionError where time limit, retry or catch is missing."""
        super().check()
        if self.fields.get("timeout_seconds") is None and self.fields.get("timeout_seconds_path") is None:
            raise DefinitionError(f"{self.state_id}: a task needs a time limit")
        for wanted in ("retries", "catches"):
            if not self.__dict__.get(wanted):
                raise DefinitionError(f"{self.state_id}: a task needs {wanted}")

    def merge_parameters(self, parameters: Parameters) -> None:
        """Merge parameters into what the SDK wrote, for the steps whose constructor drops them.

        An object is merged into an object. Where the SDK wrote a list of named objects, an object merges each of its
        values into the item of that name. Anything else replaces what is there, and a value given at run time
        (``Key.$``) its static one. Raises DefinitionError for a name the list lacks.
        """
        merged = copy.deepcopy(self.fields.get("parameters") or {})
        _merge(merged, parameters)
        self.fields["parameters"] = _without_shadowed(merged)


def _merge(target: Parameters, source: Parameters) -> None:
    for key, value in source.items():
        present = target.get(key)
        if isinstance(value, dict) and isinstance(present, list):
            for name, item in value.items():
                _merge(_find_named(present, name, key), item)
        elif isinstance(value, dict) and isinstance(present, dict):
            _merge(present, value)
        else:
            target[key] = value


def _find_named(items: list[Parameters], name: str, where: str) -> Parameters:
    """The item that calls itself ``name``, by the field the API has for it: ``InputName``, ``OutputName`` and so on."""
    for item in items:
        if any(key.endswith("Name") and value == name for key, value in item.items()):
            return item
    raise DefinitionError(f"{where}: there is no item named {name!r}")


class Task(_Task, sdk.Task):
    """Any service call."""


class LambdaStep(_Task, sdk.LambdaStep):
    """A Lambda function."""


class TrainingStep(_Task, sdk.TrainingStep):
    """A SageMaker training job."""


class TuningStep(_Task, sdk.TuningStep):
    """A SageMaker hyperparameter tuning job."""


class ProcessingStep(_Task, sdk.ProcessingStep):
    """A SageMaker processing job."""


class TransformStep(_Task, sdk.TransformStep):
    """A SageMaker batch transform job."""


class ModelStep(_Task, sdk.ModelStep):
    """A SageMaker model."""


class EndpointConfigStep(_Task, sdk.EndpointConfigStep):
    """A SageMaker endpoint configuration."""


class EndpointStep(_Task, sdk.EndpointStep):
    """A SageMaker endpoint, created or updated."""
