"""Gap: the address of a function, as the engine gives it, leads to AWS.

`https://<id>.lambda-url.<region>.on.aws/` becomes an address of this stand-in, which the engine serves already; with
it `GetAtt …FunctionUrl` in a template, and every link made from it, works on this machine.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.services import cloudformation, lambda_svc

from infra.local.gaps.patching import replace, require

_PATH = "/_aws/lambda-url/"
_OF_A_STAND_IN = re.compile(r"^http://[^/]+/_aws/(?=lambda-url/|execute-api/)")
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


def install(base_url: str) -> None:
    """Give functions an address below `base_url`."""
    global _their_create, _their_id, _base_url
    _base_url = base_url
    require(lambda_svc, "_url_config_key")
    _their_create = replace(lambda_svc, "_create_function_url_config", _create_function_url_config)
    _their_id = replace(lambda_svc, "_function_url_id", _function_url_id)


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
