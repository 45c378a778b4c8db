"""Gap: a function's log group comes back when it writes once more after its stack was deleted.

On AWS the group of a function that has none is made with the rights of the function's role, and a role that may not
make one writes nothing. The engine makes it for everybody. Asked whether policies are enforced or not: what a deletion
left behind is judged where they are not, too.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, lambda_svc

from infra.local.gaps.patching import replace, require
from infra.local.gaps.stack_callers import may

_their_emit: Any = None


def _emit_lambda_logs(
    func: dict[str, Any],
    request_id: str,
    log_text: str,
    error: bool,
    duration_ms: int,
    *,
    log_source: str | None = None,
) -> None:
    config = func.get("config") or func
    default = f"/aws/lambda/{config.get('FunctionName', '')}"
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or default
    if group not in cloudwatch_logs._log_groups:
        arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
        if not may(config["Role"], "logs:CreateLogGroup", arn):
            return
    _their_emit(func, request_id, log_text, error, duration_ms, log_source=log_source)


def install() -> None:
    """Ask for logs:CreateLogGroup before a function's log group is made by itself."""
    global _their_emit
    require(cloudwatch_logs, "_log_groups")
    _their_emit = replace(lambda_svc, "_emit_lambda_logs", _emit_lambda_logs)
