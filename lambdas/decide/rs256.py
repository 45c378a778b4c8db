"""RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017), the checking half: what every OpenID provider signs with.

Pure Python, because a compiled library would tie the functions' zips to one processor. Checking holds no secret, so
that no time tells anything. The expected block is built and compared as a whole: nothing of a signature is parsed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
"""The DER of "a SHA-256 digest follows" (RFC 8017, 9.2, note 1)."""

KEY_BITS = range(2048, 8193)
"""Lengths of keys that count: shorter ones are broken, longer ones only cost time."""


@dataclass(frozen=True)
class PublicKey:
    """An RSA key by its numbers."""

    modulus: int
    exponent: int

    @staticmethod
    def read(jwk: Mapping[str, Any]) -> PublicKey:
        """Read a JSON Web Key. Raises ValueError where it is no RSA key that may check."""
        if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
            raise ValueError("no RSA key for signatures")
        key = PublicKey(_read_number(jwk.get("n")), _read_number(jwk.get("e")))
        if key.modulus.bit_length() not in KEY_BITS or key.exponent < 3 or key.exponent.bit_length() > 64:
            raise ValueError("an RSA key of unusual size")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the holder of the other half signed this message."""
        length = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature, "big")
        if len(signature) != length or number >= self.modulus:
            return False
        tail = b"\x00" + SHA256_PREFIX + hashlib.sha256(message).digest()
        expected = b"\x00\x01" + b"\xff" * (length - 2 - len(tail)) + tail
        return hmac.compare_digest(pow(number, self.exponent, self.modulus).to_bytes(length, "big"), expected)


def _read_number(text: object) -> int:
    if not isinstance(text, str):
        raise ValueError("a number of the key is missing")
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except (binascii.Error, ValueError) as error:
        raise ValueError("a number of the key cannot be read") from error
