"""The candidate's archive: hashed as it is stored, and kept under its digest once it has passed.

What a version is registered with must never come to mean other bytes. So the archive is copied to an address that is
written once, and only as long as the bytes that were hashed are still there to be copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from workflow.contract.digest import CHUNK_BYTES, sha256_of
from workflow.contract.kept_archive import archive_address, archive_key
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError

ATTEMPTS = 3
"""How often a copy is tried while somebody else writes to its address."""

CHANGED, CONFLICT, GONE = "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"
"""What S3 answers to a conditional copy: a condition does not hold; two write at once; there is nothing to copy."""


class NotKeptError(Exception):
    """The archive that was hashed cannot be kept: says why."""


@dataclass(frozen=True)
class Archive:
    """A stored archive: the SHA-256 (hex) of its bytes, and S3's own mark of those very bytes."""

    uri: str
    digest: str
    etag: str


def read_archive(s3: Any, uri: object) -> Archive | None:
    """The archive at an S3 address, hashed in pieces; None where there is none."""
    try:
        bucket, key = split_s3_uri(str(uri))
        found = s3.get_object(Bucket=bucket, Key=key)
    except (ContractError, s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    return Archive(str(uri), sha256_of(found["Body"].iter_chunks(CHUNK_BYTES)), found["ETag"])


def keep_archive(s3: Any, archive: Archive, bucket: str) -> str:
    """Copy the archive to the address under its digest and give that; what is kept already is left as it is.

    Raises NotKeptError where the archive is no longer the one that was hashed, or its address holds other bytes.
    """
    address = archive_address(bucket, archive.digest)
    source_bucket, source_key = split_s3_uri(archive.uri)
    for _ in range(ATTEMPTS):
        try:
            s3.copy_object(
                Bucket=bucket,
                Key=archive_key(archive.digest),
                CopySource={"Bucket": source_bucket, "Key": source_key},
                CopySourceIfMatch=archive.etag,
                IfNoneMatch="*",
                TaggingDirective="REPLACE",
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in (CHANGED, CONFLICT, GONE):
                raise
        else:
            return address
        kept = read_archive(s3, address)
        if kept is not None and kept.digest == archive.digest:
            return address
        if kept is not None:
            raise NotKeptError(f"{address} holds other bytes, with the SHA-256 {kept.digest[:12]}…")
        if code != CONFLICT:
            raise NotKeptError(f"the archive changed after it was judged: {archive.uri}")
    raise NotKeptError(f"somebody else writes to {address} all the time")
