"""Whether a document of the table carries the mark of a key that one function alone marks with."""

from __future__ import annotations

from typing import Any

from workflow.contract.decision import MAC_ALGORITHM

MAC_BYTES = 32
"""How long a mark is: what HMAC_SHA_256 gives."""


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
