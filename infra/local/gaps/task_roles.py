"""Gap: Credentials. The engine runs every Task in the machine's own account, whatever role the Task names.

Here the role has to be there, and with IAM enforced the machine's role has to be allowed to assume it, the role has to
trust it (Step Functions gives the machine's ARN as the external id), and it has to be allowed what the Task calls. The
call is made in the role's account. Knows no machine by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_region, request_scope
from ministack.services import iam
from ministack.services import stepfunctions as engine

from infra.local.gaps.patching import require
from infra.local.gaps.rights_of_calls import rights_of
from infra.local.gaps.stack_callers import may

_role: ContextVar[str] = ContextVar("task_role", default="")
_DENIED = {
    "aws-sdk:sagemaker": "SageMaker.SageMakerException",
    "sagemaker": "SageMaker.AmazonSageMakerException",
    "aws-sdk:cloudwatch": "CloudWatch.CloudWatchException",
}
"""What each integration calls an error that its service's model does not name."""


def current() -> str:
    """The ARN of the role that the Task at work has assumed; empty for the machine's own."""
    return _role.get()


def role_of(state: dict[str, Any], raw_input: Any, context: dict[str, Any]) -> str:
    """The ARN of the role that a Task names, literally or at a path; empty for none."""
    credentials = state.get("Credentials")
    if not credentials:
        return ""
    found = engine._resolve_params_obj(credentials, raw_input, context)
    return str(found["RoleArn"])


@contextmanager
def assumed(role: str, execution: dict[str, Any], resource: str, parameters: Any) -> Iterator[None]:
    """Work in the role's account, as that role; without one as before.

    Raises:
        stepfunctions._ExecutionError: the role cannot be assumed, or may not do what the Task calls.
    """
    if not role:
        yield
        return
    machine = str(execution["stateMachineArn"])
    _check_trust(role, machine, str(engine._state_machines[machine]["roleArn"]))
    account = role.split(":")[4]
    with request_scope(account, get_region()):
        if app.AUTH:
            _check_rights(role, resource.partition(":states:::")[2], parameters, account)
        token = _role.set(role)
        try:
            yield
        finally:
            _role.reset(token)


def _check_trust(role: str, machine: str, of_machine: str) -> None:
    caller = _session(of_machine)
    there = iam._roles.get_scoped(role.split(":")[4], None, role.rpartition("/")[2])
    trusted = there is not None and there["Arn"] == role
    if trusted and app.AUTH:
        asked = iam_evaluator.EvalContext(
            principal_arn=caller,
            principal_type="AssumedRole",
            principal_account=of_machine.split(":")[4],
            action="sts:AssumeRole",
            resource_arn=role,
            region=get_region(),
            service_context={"sts:externalid": machine},
        )
        document = there["AssumeRolePolicyDocument"]
        trusted = may(caller, "sts:AssumeRole", role) and iam_evaluator.evaluate_trust_policy(document, caller, asked)
    if not trusted:
        cause = f"The role {of_machine} is not authorized to assume the task state's role, {role}"
        raise engine._ExecutionError("States.Permissions", cause)


def _check_rights(role: str, integration: str, parameters: dict[str, Any], account: str) -> None:
    service, _, operation = integration.removesuffix(".sync").rpartition(":")
    if service not in _DENIED:
        raise engine._ExecutionError("States.Runtime", f"the local stand-in cannot judge Credentials of {integration}")
    caller = _session(role)
    for action, arn, context in rights_of(service.rpartition(":")[2], operation, parameters, get_region(), account):
        if not may(caller, action, arn, context):
            said = f"User: {caller} is not authorized to perform: {action} on resource: {arn}"
            raise engine._ExecutionError(_DENIED[service], said)


def _session(role: str) -> str:
    partition, account, name = role.split(":")[1], role.split(":")[4], role.rpartition("/")[2]
    return f"arn:{partition}:sts::{account}:assumed-role/{name}/states"


def install() -> None:
    """See that the engine has what this reads."""
    for name in ("_resolve_params_obj", "_state_machines"):
        require(engine, name)
    for name in ("EvalContext", "evaluate_trust_policy"):
        require(iam_evaluator, name)
    require(iam, "_roles")
