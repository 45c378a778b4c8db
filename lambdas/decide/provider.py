"""The edge to the OpenID provider: its configuration, its keys, and a code changed for an ID token.

Nothing is followed that is not https; plain http counts on the stand-in alone, and there for this machine alone.
Redirects are not followed. Nothing here logs, and no error holds anything of an answer.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from workflow.contract.stand_in import is_on_stand_in

CONFIGURATION = "/.well-known/openid-configuration"
TIMEOUT_SECONDS = 5
ANSWER_BYTES = 500_000
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

on_stand_in = is_on_stand_in(os.environ)
"""Whether plain http may be asked."""


class ProviderError(Exception):
    """The provider did not answer as it should: says what is wrong, and nothing of what it answered."""


class _Refusing(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = build_opener(_Refusing)


@dataclass(frozen=True)
class Provider:
    """What a provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_body: bool
    scopes: frozenset[str]
    says_issuer: bool


def discover(issuer: str) -> Provider:
    """Ask a provider for its configuration. Raises ProviderError."""
    told = fetch(issuer.rstrip("/") + CONFIGURATION)
    if told.get("issuer") != issuer:
        raise ProviderError("the configuration is another issuer's")
    ways = told.get("token_endpoint_auth_methods_supported")
    scopes = told.get("scopes_supported")
    return Provider(
        authorization_endpoint=read_address(told, "authorization_endpoint"),
        token_endpoint=read_address(told, "token_endpoint"),
        jwks_uri=read_address(told, "jwks_uri"),
        secret_in_body=isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways,
        scopes=frozenset(str(scope) for scope in scopes) if isinstance(scopes, list) else frozenset(),
        says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
    )


def exchange(provider: Provider, client_id: str, secret: str, fields: dict[str, str]) -> str:
    """Change a code for an ID token; ``fields`` are the code, where it came to, and what proves that we asked for it.

    Raises ProviderError.
    """
    form, headers = {"grant_type": "authorization_code", **fields}, {}
    if not secret or provider.secret_in_body:
        form |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
    else:
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    token = fetch(provider.token_endpoint, urlencode(form).encode(), headers).get("id_token")
    if not isinstance(token, str):
        raise ProviderError("the answer has no ID token")
    return token


def fetch(address: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """A JSON object from an address. Raises ProviderError."""
    if not is_safe(address):
        raise ProviderError("an address is not https")
    request = Request(address, data=data, headers={"Accept": "application/json", **(headers or {})})  # noqa: S310
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            body = answer.read(ANSWER_BYTES + 1)
        told = json.loads(body) if len(body) <= ANSWER_BYTES else None
    except (URLError, HTTPException, OSError, ValueError, RecursionError) as error:
        raise ProviderError(type(error).__name__) from None
    if not isinstance(told, dict):
        raise ProviderError("an answer is no JSON object")
    return told


def read_address(told: dict[str, Any], name: str) -> str:
    """An address of a configuration. Raises ProviderError where it may not be followed."""
    address = told.get(name)
    if not isinstance(address, str) or not is_safe(address):
        raise ProviderError(f"{name} is not https")
    return address


def is_safe(address: str) -> bool:
    """Whether what is sent there stays between us and the provider."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    plain_name = bool(host) and parts.username is None and address.isascii() and " " not in address
    return plain_name and (parts.scheme == "https" or (parts.scheme == "http" and on_stand_in and host in LOOPBACK))
