"""Gap: an API that asks SageMaker by itself. The engine knows no integration with SageMaker's runtime.

Headers are mapped, the status is chosen by its pattern, and bodies are bytes or text by API Gateway's own table, so
that an API which would spoil a picture on AWS spoils it here. Mapping templates are not rendered: a method that has
one answers 501. Keys, signatures and limits were checked by the engine before; that the API's role suffices is not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack.services import apigateway_v1 as engine

from infra.local.gaps.patching import replace, require

Answer = tuple[int, dict[str, str], bytes]
Invoke = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, Any]], Awaitable[Answer]]

_their_invoke: Any = None
_invoke_endpoint: Invoke


async def _invoke_lambda_custom_v1(
    integration: dict[str, Any],
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
    owner_account_id: str | None = None,
    owner_region: str | None = None,
    binary_media_types: list[str] | None = None,
    authorizer_context: dict[str, Any] | None = None,
    caller_identity: dict[str, Any] | None = None,
) -> Any:
    """Every integration of type AWS that the engine takes for a function's."""
    named = engine._parse_service_integration_uri(integration.get("uri", ""))
    if named is None or named[1:3] != ("runtime.sagemaker", "path"):
        given = (integration, api_id, stage_name, stage, resource, request_path, method, headers, body, query_params)
        return await _their_invoke(
            *(*given, path_params),
            owner_account_id=owner_account_id,
            owner_region=owner_region,
            binary_media_types=binary_media_types,
            authorizer_context=authorizer_context,
            caller_identity=caller_identity,
        )
    responses = (integration.get("integrationResponses") or {}).values()
    if integration.get("requestTemplates") or any(one.get("responseTemplates") for one in responses):
        return _failed(501, "the local stand-in maps headers of an API, and renders no template")
    binary = binary_media_types or []
    mapped = _mapped(integration.get("requestParameters"), "integration.request.", "method.request.", headers)
    sent = body if _is(headers.get("content-type", "application/json"), binary) else _as_text(body)
    asked = {name.lower(): value for name, value in mapped.items()}  # as the engine writes names of headers
    status, shown, said = await _invoke_endpoint("POST", f"/{named[3].strip('/')}", asked, sent, {})
    chosen = engine._select_service_integration_response(integration, status)
    if chosen is None:
        return _failed(500, "Internal server error")
    wanted = _is(headers.get("accept", "").split(",")[0], binary)
    content_type = next((value for name, value in shown.items() if name.lower() == "content-type"), "")
    try:
        answered = _converted(said, _is(content_type, binary), wanted, chosen.get("contentHandling") or "")
    except ValueError:
        return _failed(500, "Internal server error")
    mapped = _mapped(chosen.get("responseParameters"), "method.response.", "integration.response.", shown)
    return int(chosen["statusCode"]), {"Content-Type": "application/json"} | mapped, answered


def _failed(status: int, message: str) -> Answer:
    # Headers of its own: the engine adds to those it is given.
    return status, {"Content-Type": "application/json"}, json.dumps({"message": message}).encode()


def _is(content_type: str, media_types: list[str]) -> bool:
    return bool(engine._media_type_matches(content_type, media_types))


def _as_text(content: bytes) -> bytes:
    """What is left of bytes that were read as UTF-8."""
    return content.decode("utf-8", "replace").encode()


def _converted(content: bytes, binary: bool, binary_wanted: bool, handling: str) -> bytes:
    """An answer as it passes on. Raises ValueError for text that should become bytes and is no base64."""
    to_text = handling == "CONVERT_TO_TEXT" or (not handling and not binary_wanted)
    if binary:
        return base64.b64encode(content) if to_text else content
    return _as_text(content) if to_text else base64.b64decode(content, validate=True)


def _mapped(
    parameters: Mapping[str, str] | None, target: str, source: str, headers: Mapping[str, str]
) -> dict[str, str]:
    """The headers that mappings such as ``method.request.header.Accept`` name; a literal stands in quotes."""
    given = {name.lower(): value for name, value in headers.items()}
    found = {}
    for name, value in (parameters or {}).items():
        said = value.strip("'") if value.startswith("'") else given.get(value.removeprefix(f"{source}header.").lower())
        if said is not None:
            found[name.removeprefix(f"{target}header.")] = said
    return found


def install(invoke_endpoint: Invoke) -> None:
    """Give what an API asks of SageMaker's runtime to ``invoke_endpoint``."""
    global _their_invoke, _invoke_endpoint
    _invoke_endpoint = invoke_endpoint
    for name in ("_parse_service_integration_uri", "_select_service_integration_response", "_media_type_matches"):
        require(engine, name)
    _their_invoke = replace(engine, "_invoke_lambda_custom_v1", _invoke_lambda_custom_v1)
