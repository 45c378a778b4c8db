"""One function for each kind of state the machines use: a call, a question, an error that no service raised.

Knows no run and no order of states: ``build`` and ``release`` put them together.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import Graph, State

from workflow.contract.approval import APPROVED, REJECTED
from workflow.contract.failures import Failure, StateError
from workflow.machines import settings
from workflow.machines.retries import retry_asking, retry_lambda, retry_sagemaker
from workflow.machines.states import Catch, Choice, LambdaStep, Parameters, Pass, Retry, Task


def on_error(target: State, errors: tuple[str, ...] = ("States.ALL",)) -> Catch:
    """Catch these errors, keep them at ``$.error`` and go on with ``target``."""
    return Catch(target, error_equals=list(errors), result_path="$.error")


def call_function(
    name: str,
    arn: str,
    payload: Parameters,
    failed: State | list[Catch],
    *,
    keep: tuple[str, ...],
    at: str,
) -> LambdaStep:
    """A Lambda function called with ``payload``; the fields named in ``keep`` of its answer go to ``$.<at>``.

    ``failed`` is the state that any error leads to; or the catchers, where it depends on the error.
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


def begin(first: State, known: Parameters | None = None) -> Pass:
    """The very first state: data that every later one can add to, whatever the input is, be it no object at all.

    ``known`` is what that data holds.
    """
    state = Pass("Begin", parameters=known or {})
    state.next(first)
    return state


def plan_the_execution(
    name: str,
    arn: str,
    failed: State,
    also: Parameters | None = None,
    retry: list[Retry] | None = None,
    given: Parameters | None = None,
) -> LambdaStep:
    """The plan's state: its Lambda turns the execution's input into the plan, which takes the place of all data.

    ``also`` is data beside the plan, ``retry`` what it is retried for beside what passes by itself, and ``given`` what
    the Lambda is told beside input and execution.
    """
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
                **(given or {}),
            },
        },
        result_selector={"plan.$": "$.Payload", **(also or {})},
        timeout_seconds=settings.LAMBDA_SECONDS,
        retry=[*retry_lambda(), *(retry or [])],
        catch=[on_error(failed)],
    )


def raise_error(name: str, error: Failure | StateError, cause: str, then: State) -> Pass:
    """Write an error that no service raised to ``$.error`` and go on; ``cause`` is a text, or an intrinsic."""
    key = "Cause.$" if cause.startswith("States.") else "Cause"
    state = Pass(name, parameters={"Error": error, key: cause}, result_path="$.error")
    state.next(then)
    return state


def answer_of_a_person(name: str, approved: State, rejected: State, failed: State) -> Choice:
    """Go on as the person at ``$.approval`` decided.

    Whoever has the task token can complete the question with anything: what is no decision, or not somebody's, is none.
    """
    parts = [f"$.approval.{part}" for part in ("decision", "by", "comment")]
    whole = [rule(variable=part, value=True) for part in parts for rule in (ChoiceRule.IsPresent, ChoiceRule.IsString)]
    choice = Choice(name)
    for decision, then in ((APPROVED, approved), (REJECTED, rejected)):
        choice.add_choice(ChoiceRule.And([*whole, ChoiceRule.StringEquals(variable=parts[0], value=decision)]), then)
    choice.default_choice(
        raise_error(
            "Say that nobody answered",
            StateError.ANSWER_UNREADABLE,
            "the question was completed by something that is no decision: start again, and answer by the mailed link",
            failed,
        )
    )
    return choice


def ask_a_person(
    name: str, purpose: str, machine: str, payload: Parameters, expired: State, failed: State
) -> LambdaStep:
    """Send a person an opaque link and wait for the answer; a task token completes the state.

    The function is told how often the execution was redriven, so that it knows a repeated question from a new one.
    """
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
                "redriven.$": "$$.Execution.RedriveCount",
                **payload,
            },
        },
        result_path="$.approval",
        timeout_seconds_path="$.plan.approval_seconds",
        retry=[*retry_lambda(), *retry_asking()],
        catch=[on_error(expired, ("States.Timeout",)), on_error(failed)],
    )


def call_sagemaker(
    name: str,
    action: str,
    parameters: Parameters,
    failed: State,
    *,
    selector: Parameters | None = None,
    at: str | None,
    retry: list[Retry] | None = None,
) -> Task:
    """A SageMaker API call by Step Functions' AWS SDK integration; ``at`` None throws the answer away.

    It is retried as every SageMaker call is, unless ``retry`` says otherwise.
    """
    return Task(
        name,
        resource=settings.integration(f"aws-sdk:sagemaker:{action}"),
        parameters=parameters,
        **({"result_selector": selector} if selector else {}),
        result_path=f"$.{at}" if at else None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker() if retry is None else retry,
        catch=[on_error(failed)],
    )


def fresh_name(name: str) -> str:
    """The intrinsic that names a job, a model or a configuration after the text at the path ``name``.

    A retried or redriven state must not reuse the name of the one before it: where only the answer was lost, that one
    is there.
    """
    return f"States.Format('{{}}-{{}}-{{}}', {name}, $$.Execution.RedriveCount, $$.State.RetryCount)"


def name_in(arn: str) -> str:
    """The intrinsic that reads a resource's name, all behind the slash, in the ARN at the path ``arn``."""
    return f"States.ArrayGetItem(States.StringSplit({arn}, '/'), 1)"


def render_machine(first: State, *, comment: str, timeout_seconds: int) -> dict[str, Any]:
    """Render a machine that starts with ``first`` to the States Language."""
    graph = Graph(first, comment=comment, timeout_seconds=timeout_seconds, version="1.0")
    rendered: dict[str, Any] = graph.to_dict()
    return rendered
