"""The digest of what is read in pieces."""

from __future__ import annotations

import hashlib

from workflow.contract.digest import sha256_of


def test_pieces_have_the_digest_of_the_whole() -> None:
    """However it was cut."""
    whole = hashlib.sha256(b"the archive").hexdigest()
    assert sha256_of([b"the archive"]) == sha256_of(iter([b"the ", b"", b"archive"])) == whole
    assert sha256_of([]) == hashlib.sha256(b"").hexdigest()
