"""Gap: who a policy's condition takes the caller for.

For whoever assumed a role, `aws:PrincipalArn` is the role's ARN on AWS; the engine gives the session's, so that a
condition which names a role holds for nobody. Knows nothing of the policies.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_region as engine_region
from ministack.services import iam

from infra.local.gaps.patching import replace, require

_theirs: Any = None


def _resolve_condition_key(key: str, ctx: Any) -> Any:
    if key.lower() == "aws:principalarn":
        # Of another account's bucket the engine asks as the account.
        asking = iam_evaluator.caller_arn()
        whole = ctx.principal_arn.endswith(":root") and asking.split(":")[4] == ctx.principal_account
        principal = asking if whole else ctx.principal_arn
        if ":assumed-role/" in principal:
            return _role_of(principal)
    return _theirs(key, ctx)


def _role_of(session_arn: str) -> str:
    """The ARN of the role that a session assumed, with its path where the role is known."""
    _, partition, _, _, account, resource = session_arn.split(":", 5)
    name = resource.split("/")[1]
    role = iam._roles.get_scoped(account, None, name)
    return str(role["Arn"]) if role else f"arn:{partition}:iam::{account}:role/{name}"


def credentials_of(role_arn: str) -> dict[str, str]:
    """What a service has that assumed a role, as the environment names it: the session that a function's own is."""
    partition, account = role_arn.split(":")[1], role_arn.split(":")[4]
    function = f"arn:{partition}:lambda:{engine_region()}:{account}:function:SageMaker"
    given: dict[str, str] = lambda_runtime.execution_credentials(
        {"FunctionArn": function, "FunctionName": "SageMaker", "Role": role_arn}
    )
    return given


def install() -> None:
    """Name the role in conditions."""
    global _theirs
    require(iam, "_roles")
    require(iam_evaluator, "caller_arn")
    require(lambda_runtime, "execution_credentials")
    _theirs = replace(iam_evaluator, "_resolve_condition_key", _resolve_condition_key)
