"""How a document of the table is marked with a key that one function alone marks with, and whether it is."""

from __future__ import annotations

import hashlib
from typing import Any

MAC_ALGORITHM = "HMAC_SHA_256"
"""KMS's name of how documents are marked (GenerateMac, VerifyMac)."""
MAC_BYTES = 32
"""How long a mark is: what HMAC_SHA_256 gives."""


def to_mark(kind: str, text: str) -> bytes:
    """What is marked of a document: its kind and a digest, because KMS takes 4,096 bytes at most."""
    return f"greenlight {kind} 1\n{hashlib.sha256(text.encode()).hexdigest()}".encode()


def is_marked(kms: Any, key: str, message: bytes, mark: object) -> bool:
    """Whether ``mark``, KMS's ``Mac`` in hex as an item keeps it, was made of the message; ``kms`` is a client.

    Raises the client's error where nobody can tell, as without the key.
    """
    try:
        mac = bytes.fromhex(str(mark))
    except ValueError:
        return False
    if len(mac) != MAC_BYTES:
        return False
    try:
        kms.verify_mac(KeyId=key, MacAlgorithm=MAC_ALGORITHM, Message=message, Mac=mac)
    except kms.exceptions.KMSInvalidMacException:
        return False
    return True
