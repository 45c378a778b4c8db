"""What a browser keeps for this function between two requests, so that nobody can make or change it.

A sealed text holds its content readably and carries a mark of the stack's key, which this function alone can make. The
mark is of its kind, of the stack's settings and of its end: no sealed text passes for another, and none for a decision.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from lambdas.decide.services import environment, kms
from workflow.contract.mark import MAC_ALGORITHM

LENGTH = 3_500
"""What a cookie may have: browsers drop those of more than 4,096 bytes."""


def seal(kind: str, settings: str, content: dict[str, str], expires_epoch: int) -> str:
    """A text for a cookie."""
    body = json.dumps({**content, "expires": expires_epoch}, sort_keys=True, separators=(",", ":")).encode()
    return f"{_encode(body)}.{_encode(_mark(kind, settings, body))}"


def unseal(kind: str, settings: str, text: str, now_epoch: int) -> dict[str, Any] | None:
    """The content of a text that was sealed so and is still good; None for any other."""
    head, _, tail = text.partition(".")
    if not head or not tail or len(text) > LENGTH:
        return None
    try:
        body, mark = _decode(head), _decode(tail)
    except ValueError:
        return None
    if not hmac.compare_digest(_mark(kind, settings, body), mark):
        return None
    content: dict[str, Any] = json.loads(body)
    return content if now_epoch < content["expires"] else None


def _mark(kind: str, settings: str, body: bytes) -> bytes:
    digest = hashlib.sha256(settings.encode()).hexdigest() + hashlib.sha256(body).hexdigest()
    mac: bytes = kms.generate_mac(
        KeyId=environment.decision_key,
        MacAlgorithm=MAC_ALGORITHM,
        Message=f"greenlight {kind} 1\n{digest}".encode(),
    )["Mac"]
    return mac


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("not our alphabet")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
