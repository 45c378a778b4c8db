"""Gap: the address of a function, as the engine gives it, leads to AWS; and what a function is told of a request.

`https://<id>.lambda-url.<region>.on.aws/` becomes an address of this stand-in, which the engine serves already; with
it `GetAtt …FunctionUrl` in a template, and every link made from it, works on this machine. The engine does not pass
cookies on, calls plain HTTP https, and does not say who signed a request to an address that asks for IAM.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from ministack.services import cloudformation, lambda_svc, sts

from infra.local.gaps.patching import replace, require

_PATH = "/_aws/lambda-url/"
_OF_A_STAND_IN = re.compile(r"^http://[^/]+/_aws/(?=lambda-url/|execute-api/)")
_SIGNED_FOR_LAMBDA = re.compile(r"[^=/\s]+/\d{8}/[a-z0-9-]+/lambda/aws4_request")
_their_create: Any = None
_base_url = ""


def _create_function_url_config(func_name: str, data: dict[str, Any], qualifier: str | None) -> Any:
    status, headers, body = _their_create(func_name, data, qualifier)
    if status >= 400:
        return status, headers, body
    config = lambda_svc._function_urls[lambda_svc._url_config_key(func_name, qualifier)]
    config["FunctionUrl"] = f"{_base_url}{_PATH}{_their_id(config['FunctionUrl'])}/"
    return status, headers, json.dumps(json.loads(body) | {"FunctionUrl": config["FunctionUrl"]}).encode()


def _function_url_id(function_url: str) -> str:
    if _PATH in function_url:
        return function_url.split(_PATH, 1)[1].split("/", 1)[0]
    return str(_their_id(function_url))


_their_id: Any = None
_their_event: Any = None
_their_is_signed: Any = None


def _build_function_url_event(
    url_id: str,
    account_id: str,
    region: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    source_ip: str,
    anonymous: bool = False,
    trace_root: str | None = None,
) -> dict[str, Any]:
    event: dict[str, Any] = _their_event(
        *(url_id, account_id, region, method, path, headers, body, query_params),
        **{"source_ip": source_ip, "anonymous": anonymous, "trace_root": trace_root},
    )
    # As format 2.0 has them: each cookie by itself, and none among the headers.
    cookies = event["headers"].pop("cookie", "")
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";") if cookie.strip()]
    event["headers"]["x-forwarded-proto"] = urlsplit(_base_url).scheme
    if not anonymous:
        event["requestContext"]["authorizer"] = {"iam": _signer(headers, query_params)}
    return event


def _function_url_is_signed(headers: dict[str, str], query_params: dict[str, Any]) -> bool:
    """A request counts as signed where its signature names a key, and is made for the service that AWS asks for."""
    if not _their_is_signed(headers, query_params):
        return False
    scope = headers.get("authorization", "") or str(query_params.get("X-Amz-Credential", ""))
    return _SIGNED_FOR_LAMBDA.search(scope) is not None


def _signer(headers: dict[str, str], query_params: dict[str, Any]) -> dict[str, Any]:
    """Who signed, as `requestContext.authorizer.iam` says it; nothing of somebody whom nobody knows."""
    caller = sts._caller_identity(headers, query_params)
    if not isinstance(caller, dict):
        return {}
    return {
        "accessKey": caller["accessKey"],
        "accountId": caller["accountId"],
        "callerId": caller["userId"],
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller["userArn"],
        "userId": caller["userId"],
    }


def install(base_url: str) -> None:
    """Give functions an address below `base_url`."""
    global _their_create, _their_id, _their_event, _their_is_signed, _base_url
    _base_url = base_url
    require(lambda_svc, "_url_config_key")
    _their_create = replace(lambda_svc, "_create_function_url_config", _create_function_url_config)
    _their_id = replace(lambda_svc, "_function_url_id", _function_url_id)
    _their_is_signed = replace(lambda_svc, "_function_url_is_signed", _function_url_is_signed)
    require(sts, "_caller_identity")
    _their_event = replace(lambda_svc, "_build_function_url_event", _build_function_url_event)


def move(base_url: str) -> None:
    """Give every address that was made by an earlier stand-in on another port the one of this stand-in.

    They are in the functions' own records, in the variables of the functions that make links from them, and in what
    the stacks remember.
    """
    for store in (
        require(lambda_svc, "_function_urls"),
        require(lambda_svc, "_functions"),
        require(cloudformation, "_stacks"),
    ):
        for _, record in store.all_items():
            _readdress(record, base_url)


def _readdress(value: Any, base_url: str) -> None:
    """Change addresses of stand-ins anywhere below ``value``, in place."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(pairs):
        if isinstance(item, str):
            value[key] = _OF_A_STAND_IN.sub(f"{base_url}/_aws/", item)
        else:
            _readdress(item, base_url)
