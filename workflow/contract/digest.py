"""The SHA-256 of what is read in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

CHUNK_BYTES = 1024**2
"""How much of a large object is read at a time."""


def sha256_of(chunks: Iterable[bytes]) -> str:
    """The digest, in hex, of all the bytes that the chunks make together."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
