"""Who makes a request, as far as SageMaker remembers it: the identity in ``CreatedBy`` and ``LastModifiedBy``.

Knows neither the engine nor an operation: whoever takes a request in says who makes it.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from typing import Any

MACHINE = f"x-state-machine-{secrets.token_hex(16)}"
"""The header in which state machines say as which role they call; nobody outside this process can know it."""

_caller: ContextVar[dict[str, Any] | None] = ContextVar("caller", default=None)


def enter(arn: str, principal: str) -> None:
    """Say who makes the request that this thread works on; an empty ARN is nobody known."""
    _caller.set({"IamIdentity": {"Arn": arn, "PrincipalId": principal}} if arn else None)


def user_context() -> dict[str, Any]:
    """SageMaker's UserContext of who makes the request."""
    return dict(_caller.get() or {})


def session_of(role_arn: str) -> str:
    """The ARN that a service has which assumed a role."""
    partition, account, name = role_arn.split(":")[1], role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return f"arn:{partition}:sts::{account}:assumed-role/{name}/states"
