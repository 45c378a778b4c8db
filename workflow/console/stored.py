"""Objects of the stack's bucket, read whole for a page."""

from __future__ import annotations

from workflow.clients import Cloud
from workflow.errors import GreenlightError, ServiceError

LARGEST = 64 * 1024**2
"""Bytes of an object that are read; a report with all its pictures has a few million."""


def read_object(cloud: Cloud, bucket: str, key: str) -> bytes | None:
    """What lies under a key, None where nothing does. Raises GreenlightError where it is too large to be shown."""
    try:
        found = cloud.call("s3", "get_object", Bucket=bucket, Key=key)
    except ServiceError as error:
        if error.code in {"NoSuchKey", "404"}:
            return None
        raise
    body: bytes = found["Body"].read(LARGEST + 1)
    if len(body) > LARGEST:
        raise GreenlightError(f"s3://{bucket}/{key} is too large to be shown: download it.")
    return body
