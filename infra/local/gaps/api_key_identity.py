"""Gap: a function behind a REST API is not told by which API key a request came.

API Gateway tells it in ``requestContext.identity``, as ``apiKey`` and ``apiKeyId``, of methods that require a key
("Variables for data models, authorizers, mapping templates, and CloudWatch access logging", its developer guide).
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1 as engine

from infra.local.gaps.patching import replace, require

_theirs: Any = None


def _build_lambda_event_v1(
    api_id: str,
    stage_name: str,
    stage: dict[str, Any],
    resource: dict[str, Any],
    request_path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    path_params: dict[str, str],
    *,
    binary_media_types: list[str] | None = None,
    authorizer_context: dict[str, Any] | None = None,
    caller_identity: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What a function is told of a request, which the engine has let in by now."""
    event: dict[str, Any] = _theirs(
        *(api_id, stage_name, stage, resource, request_path, method, headers, body, query_params, path_params),
        binary_media_types=binary_media_types,
        authorizer_context=authorizer_context,
        caller_identity=caller_identity,
    )
    wanted = (resource.get("resourceMethods") or {}).get(method) or {}
    key = engine._resolve_api_key(engine._api_key_from_request(headers)) if wanted.get("apiKeyRequired") else None
    if key is not None:
        event["requestContext"]["identity"] |= {"apiKey": key["value"], "apiKeyId": key["id"]}
    return event


def install() -> None:
    """Have functions told of keys."""
    global _theirs
    for name in ("_resolve_api_key", "_api_key_from_request"):
        require(engine, name)
    _theirs = replace(engine, "_build_lambda_event_v1", _build_lambda_event_v1)
