"""An ID token, checked: by whom it was issued, for whom, for which sign-in, and that it is still good. Pure.

PyJWT reads the token and checks its claims; the signature is checked by ``rs256``, the one algorithm that counts.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Mapping
from typing import Any, cast

import jwt
from jwt.algorithms import Algorithm

from lambdas.decide.rs256 import PublicKey

ALGORITHM = "RS256"
LEEWAY_SECONDS = 30
"""How far two clocks may differ."""
TOKEN_LENGTH = 50_000
CLAIMS = ["iss", "aud", "exp", "iat", "sub", "nonce"]


class TokenError(Exception):
    """A token that is not believed: says why, and nothing of what is in it."""


class _Checking(Algorithm):
    """RS256 for PyJWT, without the compiled library that it would ask for."""

    def prepare_key(self, key: Any) -> PublicKey:
        if not isinstance(key, PublicKey):
            raise jwt.InvalidKeyError("not a key of ours")
        return key

    def sign(self, msg: bytes, key: Any) -> bytes:
        raise NotImplementedError("this function signs no token")

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        return isinstance(key, PublicKey) and key.verifies(msg, sig)

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> Any:
        raise NotImplementedError("keys are only read")

    @staticmethod
    def from_jwk(jwk: Any) -> PublicKey:
        return PublicKey.read(jwk)


with contextlib.suppress(KeyError):
    # Where the compiled library is there after all: one way of checking, wherever the function runs.
    jwt.unregister_algorithm(ALGORITHM)
jwt.register_algorithm(ALGORITHM, _Checking())


def check(token: str, keys: Mapping[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token. ``keys`` is the issuer's JWK set. Raises TokenError on any doubt."""
    if not token or len(token) > TOKEN_LENGTH or not client_id or not nonce:
        raise TokenError("no token")
    try:
        key = find_key(jwt.get_unverified_header(token), keys)
        claims: dict[str, Any] = jwt.decode(
            token,
            cast(Any, key),
            algorithms=[ALGORITHM],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": CLAIMS},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenError(type(error).__name__) from None
    if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise TokenError("the token is of another sign-in")
    # A token for several programs says which of them asked for it.
    several = isinstance(claims["aud"], list) and len(claims["aud"]) != 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise TokenError("the token was issued to another program")
    return claims


def find_key(header: Mapping[str, Any], keys: Mapping[str, Any]) -> PublicKey:
    """The key that a token says it is signed with. Raises TokenError where there is none, or more than one."""
    listed = keys.get("keys")
    found = []
    for jwk in listed if isinstance(listed, list) else []:
        if isinstance(jwk, dict) and ("kid" not in header or jwk.get("kid") == header["kid"]):
            with contextlib.suppress(ValueError):
                found.append(PublicKey.read(jwk))
    if len(found) != 1:
        raise TokenError("the issuer has no such key")
    return found[0]
