"""Strict subclasses of the SDK's states, and one function for each kind of state the two machines use.

The SDK lets a mistyped attribute pass, drops fields it does not know and renders a misplaced placeholder as text.
Here each of these raises. Knows no run and no order of states: ``build`` and ``release`` put them together.
"""

from __future__ import annotations

import copy
import functools
from typing import Any, ClassVar

from sagemaker.session import Session
from stepfunctions import steps as sdk
from stepfunctions.inputs import Placeholder
from stepfunctions.steps import integration_resources
from stepfunctions.steps.states import Graph

from workflow import settings

LONGEST_NAME = 80
"""Step Functions' limit for a state's name."""

Parameters = dict[str, Any]

# The SDK looks the partition up in several fresh sessions for every service state, a quarter of a second each.
integration_resources.get_aws_partition = functools.cache(integration_resources.get_aws_partition)


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
    """A bad end: a constant error, and a cause read from the state's input."""

    extra = frozenset({"cause_path"})


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

    def give(self, parameters: Parameters) -> None:
        """Lay parameters over what the SDK wrote, for the steps whose constructor drops them."""
        merged = copy.deepcopy(self.fields.get("parameters") or {})
        _merge(merged, parameters)
        self.fields["parameters"] = _without_shadowed(merged)


def _merge(target: Parameters, source: Parameters) -> None:
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


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


class ModelStep(_Task, sdk.ModelStep):
    """A SageMaker model."""


class EndpointConfigStep(_Task, sdk.EndpointConfigStep):
    """A SageMaker endpoint configuration."""


class EndpointStep(_Task, sdk.EndpointStep):
    """A SageMaker endpoint, created or updated."""


# --- one function for each kind of state -----------------------------------------------------------


def retry_lambda() -> list[Retry]:
    """Retries of a Lambda state: the errors that AWS says pass by themselves."""
    return [
        Retry(
            error_equals=[
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException",
            ],
            interval_seconds=2,
            max_attempts=6,
            backoff_rate=2.0,
            max_delay_seconds=60,
            jitter_strategy="FULL",
        )
    ]


def retry_sagemaker(quota_attempts: int = 10) -> list[Retry]:
    """Retries of a SageMaker call: throttling soon and a few times, a quota in use later and longer.

    Ten times is about an hour, three times are five minutes.
    """
    return [
        Retry(
            error_equals=[
                "ThrottlingException",
                "SageMaker.ThrottlingException",
                "SageMaker.SdkClientException",
                # What Step Functions calls every error the service's model does not name, throttling among them.
                "SageMaker.AmazonSageMakerException",
                "SageMaker.SageMakerException",
            ],
            interval_seconds=5,
            max_attempts=4,
            backoff_rate=2.0,
            max_delay_seconds=120,
            jitter_strategy="FULL",
        ),
        Retry(
            error_equals=["SageMaker.ResourceLimitExceededException"],
            interval_seconds=60,
            max_attempts=quota_attempts,
            backoff_rate=1.5,
            max_delay_seconds=600,
            jitter_strategy="FULL",
        ),
    ]


def retry_storage() -> list[Retry]:
    """Retries of an S3 call, which fails for a moment only."""
    return [
        Retry(
            error_equals=["S3.SdkClientException", "S3.S3Exception"],
            interval_seconds=2,
            max_attempts=4,
            backoff_rate=2.0,
            max_delay_seconds=30,
            jitter_strategy="FULL",
        )
    ]


def on_error(target: sdk.states.State, errors: tuple[str, ...] = ("States.ALL",)) -> Catch:
    """Catch these errors, keep them at ``$.error`` and go on with ``target``."""
    return Catch(target, error_equals=list(errors), result_path="$.error")


def function(
    name: str,
    arn: str,
    payload: Parameters,
    failed: sdk.states.State | list[Catch],
    *,
    keep: tuple[str, ...],
    at: str,
) -> LambdaStep:
    """A Lambda function called with ``payload``; the fields named in ``keep`` of its answer go to ``$.<at>``.

    ``failed`` is the way out for any error, or every way out with the errors it is for.
    """
    return LambdaStep(
        name,
        parameters={"FunctionName": arn, "Payload": payload},
        result_selector={f"{field}.$": f"$.Payload.{field}" for field in keep},
        result_path=f"$.{at}",
        timeout_seconds=settings.LAMBDA_SECONDS,
        retry=retry_lambda(),
        catch=failed if isinstance(failed, list) else [on_error(failed)],
    )


def planning(name: str, arn: str, failed: sdk.states.State, also: Parameters | None = None) -> LambdaStep:
    """The first state: its Lambda turns the execution input into the plan, which replaces the execution's data."""
    return LambdaStep(
        name,
        parameters={
            "FunctionName": arn,
            "Payload": {
                "input.$": "$$.Execution.Input",
                "execution": {
                    "id.$": "$$.Execution.Id",
                    "name.$": "$$.Execution.Name",
                    "started.$": "$$.Execution.StartTime",
                },
            },
        },
        result_selector={"plan.$": "$.Payload", **(also or {})},
        timeout_seconds=settings.LAMBDA_SECONDS,
        retry=retry_lambda(),
        catch=[on_error(failed)],
    )


def failing(machine: str, what: str, *, report: str, end: str, error: str, told_below: bool = False) -> LambdaStep:
    """A way out that is no success: everyone is told why, then the execution fails with a constant error.

    With ``told_below`` a nested execution has sent the mail, and its cause is only put in words.

    Expects ``$.error`` with ``Error`` and ``Cause``. When even the telling fails, the execution still ends with
    the same error, and the rule on failed executions outside the machine tells.
    """
    over = Fail(end, error=error, cause_path="$.failure.Cause")
    tell = LambdaStep(
        report,
        parameters={
            "FunctionName": "${NotifyArn}",
            "Payload": {
                "kind": "told" if told_below else "failed",
                "machine": machine,
                "what": what,
                "error_name": error,
                "run.$": "$$.Execution.Name",
                "execution.$": "$$.Execution.Id",
                "error.$": "$.error",
            },
        },
        result_selector={"Cause.$": "$.Payload.cause"},
        result_path="$.failure",
        timeout_seconds=settings.LAMBDA_SECONDS,
        retry=retry_lambda(),
        catch=[Catch(over, error_equals=["States.ALL"], result_path="$.failure")],
    )
    tell.next(over)
    return tell


def saying(name: str, error: str, cause: str, then: sdk.states.State) -> Pass:
    """Write an error that no service raised to ``$.error`` (``cause`` is a path or an intrinsic) and go on."""
    state = Pass(name, parameters={"Error": error, "Cause.$": cause}, result_path="$.error")
    state.next(then)
    return state


def asking(
    name: str, purpose: str, machine: str, payload: Parameters, expired: sdk.states.State, failed: sdk.states.State
) -> LambdaStep:
    """Send a person an opaque link and wait for the answer; a task token completes the state."""
    return LambdaStep(
        name,
        wait_for_callback=True,
        parameters={
            "FunctionName": "${AskApprovalArn}",
            "Payload": {
                "token.$": "$$.Task.Token",
                "purpose": purpose,
                "machine": machine,
                "run.$": "$$.Execution.Name",
                "execution.$": "$$.Execution.Id",
                **payload,
            },
        },
        result_path="$.approval",
        timeout_seconds_path="$.plan.approval_seconds",
        retry=retry_lambda(),
        catch=[on_error(expired, ("States.Timeout",)), on_error(failed)],
    )


def sdk_call(
    name: str,
    action: str,
    parameters: Parameters,
    failed: sdk.states.State,
    *,
    selector: Parameters | None = None,
    at: str | None,
) -> Task:
    """A SageMaker API call by Step Functions' AWS SDK integration; ``at`` None throws the answer away."""
    return Task(
        name,
        resource=f"arn:aws:states:::aws-sdk:sagemaker:{action}",
        parameters=parameters,
        **({"result_selector": selector} if selector else {}),
        result_path=f"$.{at}" if at else None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )


def fresh(name: str) -> str:
    """The intrinsic that names a job after the text at the path ``name``.

    A retried or redriven state must not reuse the name of the job before it.
    """
    return f"States.Format('{{}}-{{}}-{{}}', {name}, $$.Execution.RedriveCount, $$.State.RetryCount)"


def definition(first: sdk.states.State, *, comment: str, timeout_seconds: int) -> dict[str, Any]:
    """Render a machine that starts with ``first`` to the States Language."""
    graph = Graph(first, comment=comment, timeout_seconds=timeout_seconds, version="1.0")
    rendered: dict[str, Any] = graph.to_dict()
    return rendered
