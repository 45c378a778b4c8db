"""Gap: the optimised SageMaker integrations, which the engine does not have.

`create…Job` starts a job, `create…Job.sync` waits for it and stops it when the state or the execution ends first;
`createModel`, `createEndpointConfig`, `createEndpoint` and `updateEndpoint` answer at once. Knows SageMaker's
operations by name only and gives the work to a `call` function.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ministack.services import stepfunctions as engine

from infra.local.gaps import history
from infra.local.gaps.attempt import Attempt, begin_once, call_once, register
from infra.local.gaps.control import AttemptTimeoutError, ExecutionEndedError, SuspendedError, remaining
from infra.local.gaps.patching import require

PREFIX = "arn:aws:states:::sagemaker:"
_LONGEST_SECONDS_BETWEEN_LOOKS = 1.0
"""A job that ends is told; its deadline, and an end that nobody tells, are seen by looking."""
# The names that the SDK behind the integration has exceptions for; every other code becomes its base class.
_MODELLED = {"ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound", "ConflictException"}


class ServiceFailure(Protocol):
    """What `call` raises for a request that SageMaker refuses."""

    code: str
    message: str


@dataclass(frozen=True)
class JobKind:
    """How a kind of job is named, watched and stopped."""

    noun: str

    @property
    def name_key(self) -> str:
        """The parameter that names the job."""
        return f"{self.noun}Name"

    @property
    def status_key(self) -> str:
        """The member of the description that says how the job is."""
        return f"{self.noun}Status"


_JOBS = {
    f"create{noun}": JobKind(noun)
    for noun in ("TrainingJob", "ProcessingJob", "TransformJob", "HyperParameterTuningJob")
}
_REQUESTS = (*_JOBS, "createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint")


class SageMakerTasks:
    """The integrations on top of one `call(operation, parameters)`."""

    def __init__(self, call: Callable[[str, dict[str, Any]], dict[str, Any]], failure: type[Exception]) -> None:
        """`call` performs an operation and raises `failure` (a ServiceFailure) for one that is refused."""
        self._call = call
        self._failure = failure

    def perform(self, attempt: Attempt) -> Any:
        """Run one Resource that begins with `PREFIX`."""
        action = attempt.resource.removeprefix(PREFIX)
        if action.removesuffix(".sync") not in _REQUESTS or (action.endswith(".sync") and action[:-5] not in _JOBS):
            raise engine._ExecutionError("States.Runtime", f"{attempt.resource} is not an integration of SageMaker")
        if action.endswith(".sync"):
            return self._run_job(attempt, _JOBS[action.removesuffix(".sync")])
        return call_once(attempt, lambda: self.request(action, attempt.parameters))

    def request(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """One operation; its failure is named as the integration names it."""
        operation = action[0].upper() + action[1:]
        try:
            answer = self._call(operation, parameters)
        except self._failure as error:
            raise engine._ExecutionError(error_name(error.code), error.message) from None  # type: ignore[attr-defined]
        return plain(operation, answer)

    def _run_job(self, attempt: Attempt, kind: JobKind) -> Any:
        name = attempt.parameters.get(kind.name_key)
        submitted = None
        if not attempt.flight.get("submitted"):
            submitted = begin_once(attempt, lambda: self.request(f"create{kind.noun}", attempt.parameters))
            attempt.flight["submitted"] = True
        try:
            if submitted is not None:
                history.task_submitted(attempt.execution, attempt.resource, submitted)
            description = self._wait(attempt, kind, name)
        except SuspendedError:
            raise
        except (ExecutionEndedError, AttemptTimeoutError):
            self._stop(kind, name)
            raise
        if description[kind.status_key] != "Completed":
            raise engine._ExecutionError("States.TaskFailed", json.dumps(description))
        return description

    def _wait(self, attempt: Attempt, kind: JobKind, name: str) -> dict[str, Any]:
        while True:
            news = attempt.control.news
            description = self.request(f"describe{kind.noun}", {kind.name_key: name})
            if description[kind.status_key] not in ("InProgress", "Stopping"):
                return description
            left = remaining(attempt.deadline)
            if left == 0:
                raise AttemptTimeoutError
            pause = _LONGEST_SECONDS_BETWEEN_LOOKS if left is None else min(left, _LONGEST_SECONDS_BETWEEN_LOOKS)
            attempt.control.doze(news, pause)

    def _stop(self, kind: JobKind, name: str) -> None:
        """Stop a job nobody waits for any more; one that ended by itself meanwhile is fine."""
        try:
            self._call(f"Stop{kind.noun}", {kind.name_key: name})
        except self._failure:
            return


def error_name(code: str) -> str:
    """The Error of a failed optimised integration.

    >>> error_name("ResourceInUse"), error_name("ValidationException")
    ('SageMaker.ResourceInUseException', 'SageMaker.AmazonSageMakerException')
    """
    if code not in _MODELLED:
        return "SageMaker.AmazonSageMakerException"
    return f"SageMaker.{code.removesuffix('Exception')}Exception"


def plain(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as JSON: this integration gives times as milliseconds since 1970."""
    model = engine._service_model("sagemaker")
    shape = model.operation_model(operation).output_shape
    return _plain(answer, shape) if shape is not None else {}


def _plain(value: Any, shape: Any) -> Any:
    if shape is not None and shape.type_name == "timestamp":
        if isinstance(value, str):
            value = datetime.datetime.fromisoformat(value)
        return int((value.timestamp() if isinstance(value, datetime.datetime) else value) * 1000)
    if isinstance(value, dict):
        members = getattr(shape, "members", {})
        of_every_key = getattr(shape, "value", None)
        return {key: _plain(item, members.get(key, of_every_key)) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item, getattr(shape, "member", None)) for item in value]
    return value


def install(call: Callable[[str, dict[str, Any]], dict[str, Any]], failure: type[Exception]) -> None:
    """Serve the optimised integrations, and name the errors of the aws-sdk ones as AWS does."""
    register(PREFIX, SageMakerTasks(call, failure).perform)
    require(engine, "_AWS_SDK_SERVICE_MAP").setdefault("sagemaker", {"target_prefix": "SageMaker", "protocol": "json"})
    require(engine, "_AWS_SDK_ERROR_PREFIX")["sagemaker"] = "SageMaker"
    require(engine, "_AWS_SDK_ERROR_CODE_OVERRIDES")["sagemaker"] = {
        "ResourceInUse": "ResourceInUseException",
        "ResourceLimitExceeded": "ResourceLimitExceededException",
        "ResourceNotFound": "ResourceNotFoundException",
        "ValidationException": "SageMakerException",
        "ThrottlingException": "SageMakerException",
        "AccessDeniedException": "SageMakerException",
    }
    # The engine loads the model of a service anew for every call; SageMaker's takes a good part of a second.
    engine._service_model = functools.cache(require(engine, "_service_model"))
