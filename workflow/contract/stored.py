"""An object as it is stored now: the digest of its bytes, and S3's mark of those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.digest import CHUNK_BYTES, sha256_of
from workflow.contract.names import split_s3_uri


@dataclass(frozen=True)
class Stored:
    """SHA-256 in hex, and the ETag of the very object that was hashed; both empty where there is none."""

    digest: str = ""
    etag: str = ""


def hash_stored(s3: Any, uri: str) -> Stored:
    """What lies at an S3 address, hashed in pieces; ``s3`` is a client. Raises ContractError where it is no address."""
    bucket, key = split_s3_uri(uri)
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return Stored()
    return Stored(sha256_of(found["Body"].iter_chunks(CHUNK_BYTES)), found["ETag"].strip('"'))
