"""Where the archive of a judged model is kept: under its own digest, so that no address comes to mean other bytes.

The stack's bucket takes an object there once, and gives none away.
"""

from __future__ import annotations

import re


def archive_key(archive_digest: str) -> str:
    """The key, in the stack's bucket, of the archive with this SHA-256 (hex)."""
    return f"models/{archive_digest}/model.tar.gz"


def archive_address(bucket: str, archive_digest: str) -> str:
    """The S3 address of the archive with this SHA-256 (hex)."""
    return f"s3://{bucket}/{archive_key(archive_digest)}"


def digest_in(address: str) -> str:
    """The SHA-256 that such an address was made from; empty where it is none.

    >>> digest_in("s3://b/runs/one/model.tar.gz")
    ''
    """
    match = re.fullmatch(r"s3://[^/]+/models/([0-9a-f]{64})/model\.tar\.gz", address)
    return match[1] if match else ""
