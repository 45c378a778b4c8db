"""Gap: HTTP APIs of API Gateway: their address leads nowhere from a browser, and what a function is told of a request.

`ApiEndpoint` becomes an address of this stand-in, which the engine serves already. The engine does not pass cookies on
as format 2.0 has them, does not say by which protocol a request came, and takes a signature for any service.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ministack.services import apigateway, lambda_svc
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, replace, require

_RESOURCE = "AWS::ApiGatewayV2::Api"
_SIGNED_FOR_API_GATEWAY = re.compile(r"[^=/\s]+/\d{8}/[a-z0-9-]+/execute-api/aws4_request")
_base_url = ""
_theirs: dict[str, Any] = {}


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
    return _readdressed(*_theirs["create"](logical_id, properties, stack_name))


def _update(
    physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str | None = None
) -> Any:
    return _readdressed(*_theirs["update"](physical_id, old, new, stack_name, logical_id))


def _readdressed(api_id: str, attributes: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    api = apigateway._apis[api_id]
    if api["protocolType"] == "HTTP":
        api["apiEndpoint"] = f"{_base_url}/_aws/execute-api/{api_id}"
    return api_id, attributes | {"ApiEndpoint": api["apiEndpoint"]}


def _execute_function_with_config_scope(func: dict[str, Any], event: dict[str, Any]) -> Any:
    """Every function that the engine runs for an API or an address of its own."""
    if isinstance(event, dict) and "apiId" in event.get("requestContext", {}) and event.get("version") == "2.0":
        headers = event["headers"]
        cookies = headers.pop("cookie", "")
        if cookies:
            event["cookies"] = [cookie.strip() for cookie in cookies.split(";") if cookie.strip()]
        headers["x-forwarded-proto"] = urlsplit(_base_url).scheme
    return _theirs["execute"](func, event)


async def _handle_execute(
    api_id: str,
    stage: str,
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    raw_query_string: str | None = None,
) -> Any:
    """Every request to an HTTP API: where IAM is asked for, one that is signed for another service is refused."""
    scope = headers.get("authorization", "") or str(query_params.get("X-Amz-Credential", ""))
    wanted = apigateway.route_authorization_type(api_id, stage, method, path)
    if wanted == "AWS_IAM" and _SIGNED_FOR_API_GATEWAY.search(scope) is None:
        return apigateway._jwt_forbidden()
    return await _theirs["handle"](api_id, stage, path, method, headers, body, query_params, raw_query_string)


def install(base_url: str) -> None:
    """Give HTTP APIs an address below `base_url`, and their functions what AWS tells them."""
    global _base_url
    _base_url = base_url
    require(apigateway, "_apis")
    handlers = require(provisioners, "_RESOURCE_HANDLERS")[_RESOURCE]
    if not {"create", "update"} <= handlers.keys():
        raise EngineChangedError(f"makes {_RESOURCE} differently")
    _theirs.update({name: handlers[name] for name in ("create", "update")})
    handlers |= {"create": _create, "update": _update}
    _theirs["execute"] = replace(lambda_svc, "_execute_function_with_config_scope", _execute_function_with_config_scope)
    for name in ("route_authorization_type", "_jwt_forbidden"):
        require(apigateway, name)
    _theirs["handle"] = replace(apigateway, "handle_execute", _handle_execute)
