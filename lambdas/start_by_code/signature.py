"""Whether a request was signed with a secret, and a short while ago. Pure.

Signed are the time and the body together, so that neither can be exchanged; what is older or newer than WINDOW_SECONDS
is refused, however well it is signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

TIMESTAMP, SIGNATURE = "x-greenlight-timestamp", "x-greenlight-signature"
"""The headers: seconds since 1970, and ``sha256=`` with 64 hexadecimal digits."""

WINDOW_SECONDS = 300
SHORTEST_SECRET = 32
"""Characters of a secret: one that could be guessed would be as good as none."""


def read_signed(headers: Mapping[str, str], now_epoch: int) -> tuple[str, str] | None:
    """Time and signature of a request, as they were sent; None where one is missing, malformed or too far from now."""
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not re.fullmatch(r"[0-9]{1,11}", timestamp) or not re.fullmatch(r"sha256=[0-9a-f]{64}", signature):
        return None
    return (timestamp, signature) if abs(now_epoch - int(timestamp)) <= WINDOW_SECONDS else None


def is_signed(secret: str, timestamp: str, signature: str, body: bytes) -> bool:
    """Whether the signature is this secret's over time and body; takes as long for a wrong one as for a right one."""
    return hmac.compare_digest(signature, "sha256=" + sign(secret, timestamp, body))


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (hex) over the time, a dot and the body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
