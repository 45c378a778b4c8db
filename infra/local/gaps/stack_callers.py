"""Gap: the engine changes a stack's resources as nobody, so that everyone who may change a stack may do everything.

With IAM enforced, each resource is made, changed and deleted with the rights of whoever changes the stack, or of the
role that the stack was given, as on AWS. What that takes is `stack_rights.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.core import iam_evaluator as judge
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam
from ministack.services.cloudformation import changesets, handlers, provisioners
from ministack.services.cloudformation.helpers import _error, _p

from infra.local.gaps.patching import require
from infra.local.gaps.stack_rights import RIGHTS, WITHOUT_RESOURCE, beside, passed_role, resource

_as_role: ContextVar[str] = ContextVar("as_role", default="")
_roles: dict[str, str] = {}
"""The role that each stack was given, by the stack's name; CloudFormation remembers it."""


def may(principal: str, action: str, arn: str, context: dict[str, str] | None = None) -> bool:
    """Whether a user, a role or a role's session may do it; an account's root may do everything."""
    account, kind = principal.split(":")[4], principal.split(":", 5)[5]
    name = kind.split("/")[1] if kind.startswith("assumed-role/") else kind.rpartition("/")[2]
    if kind == "root":
        return True
    user = kind.startswith("user/")
    gather = judge._gather_user_policies if user else judge._gather_role_policies
    limits = judge._permissions_boundary(iam._users if user else iam._roles, name, account)
    asked = judge.EvalContext(
        principal_arn=principal,
        principal_type="User" if user else "AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=arn,
        region=get_region(),
        service_context={key.lower(): value for key, value in (context or {}).items()},
    )
    return bool(judge.evaluate(asked, gather(name, account), *limits).decision == "Allow")


def check(verb: str, kind: str, properties: dict[str, Any], **known: str) -> None:
    """Fail the resource where whoever changes the stack may not do all that it takes."""
    rights = RIGHTS.get(kind)
    if not app.AUTH or rights is None:
        return
    principal = _as_role.get() or judge.caller_arn()
    here = {"region": get_region(), "account": get_account_id(), **known}
    arn = resource(rights, properties, **here)
    tags = _tags(properties)
    context = {f"aws:{of}/{key}": value for key, value in tags.items() for of in ("RequestTag", "ResourceTag")}
    if kind == "AWS::Lambda::EventSourceMapping":
        # IAM knows no ARN of a mapping before there is one, and of each the function that it calls.
        name = str(properties.get("FunctionName", "")).rpartition(":function:")[2]
        context["lambda:FunctionArn"] = f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"
    for action in rights.actions(verb):
        _demand(principal, action, "*" if action in WITHOUT_RESOURCE else arn, context)
    if verb == "delete":
        return
    for action, other in beside(properties):
        _demand(principal, action, other)
    role = passed_role(rights, properties)
    if role:
        _demand(principal, "iam:PassRole", role, {"iam:PassedToService": f"{rights.service}.amazonaws.com"})


def _tags(properties: dict[str, Any]) -> dict[str, str]:
    """A resource's tags, in either form of a template."""
    tags = properties.get("Tags", [])
    return dict(tags) if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def _demand(principal: str, action: str, arn: str, context: dict[str, str] | None = None) -> None:
    if not may(principal, action, arn, context):
        raise ValueError(f"User: {principal} is not authorized to perform: {action} on resource: {arn}")


def _remembering(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """The operation, with the role that the stack has in place of whoever calls it."""

    def change(params: dict[str, Any]) -> Any:
        name, role = _stack_of(params), _p(params, "RoleARN")
        if role:
            to_it = {"iam:PassedToService": "cloudformation.amazonaws.com"}
            if app.AUTH and not may(judge.caller_arn(), "iam:PassRole", role, to_it):
                told = f"User: {judge.caller_arn()} is not authorized to perform: iam:PassRole on resource: {role}"
                return _error("AccessDenied", told, 403)
            _roles[name] = role
        _as_role.set(_roles.get(name, ""))
        return theirs(params)

    return change


def _stack_of(params: dict[str, Any]) -> str:
    """The name of the stack that a request is about; one may name a change set alone."""
    stack = str(_p(params, "StackName"))
    if not stack:
        _, found = changesets._find_change_set(_p(params, "ChangeSetName"), "")
        stack = str(found["StackName"]) if found else ""
    return stack.split("/")[1] if stack.startswith("arn:") else stack


def install() -> None:
    """Ask before every change of a resource that the template knows."""
    for name in ("_gather_user_policies", "_gather_role_policies", "_permissions_boundary", "evaluate", "caller_arn"):
        require(judge, name)
    require(changesets, "_find_change_set")
    operations = require(handlers, "_ACTION_HANDLERS")
    for name in ("CreateChangeSet", "ExecuteChangeSet", "DeleteStack"):
        operations[name] = _remembering(operations[name])
    for kind, found in require(provisioners, "_RESOURCE_HANDLERS").items():
        if kind in RIGHTS:
            _guard(kind, found)


def _guard(kind: str, found: dict[str, Any]) -> None:
    create, update, delete = found["create"], found.get("update", found["create"]), found["delete"]

    def created(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        check("create", kind, properties, stack=stack_name, logical=logical_id)
        return create(logical_id, properties, stack_name)

    def updated(physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, *logical_id: str) -> Any:
        named = logical_id[0] if logical_id else ""
        check("update", kind, new, stack=stack_name, logical=named, id=physical_id.rpartition("/")[2])
        return update(physical_id, old, new, stack_name, *logical_id)

    def deleted(physical_id: str, properties: dict[str, Any], *logical_id: str) -> Any:
        check("delete", kind, properties, stack=physical_id, logical="", id=physical_id.rpartition("/")[2])
        return delete(physical_id, properties, *logical_id)

    found["create"], found["delete"] = created, deleted
    if found.get("update"):
        found["update"] = updated
