"""Objects of the stack's bucket, read whole for a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.clients import Cloud
from workflow.contract.reading import read_object
from workflow.errors import GreenlightError, ServiceError

LARGEST = 64 * 1024**2
"""Bytes of an object that are read; a report with all its pictures has a few million."""


class Stored:
    """The objects of one bucket."""

    def __init__(self, cloud: Cloud, bucket: str) -> None:
        """Read from ``bucket``."""
        self._cloud = cloud
        self.bucket = bucket

    def read(self, key: str) -> bytes | None:
        """What lies under a key, None where nothing does. Raises GreenlightError where it is too large to be shown."""
        try:
            found = self._cloud.call("s3", "get_object", Bucket=self.bucket, Key=key)
        except ServiceError as error:
            if error.code in {"NoSuchKey", "404"}:
                return None
            raise
        body: bytes = found["Body"].read(LARGEST + 1)
        if len(body) > LARGEST:
            raise GreenlightError(f"s3://{self.bucket}/{key} is too large to be shown: download it.")
        return body

    def document(self, key: str) -> Mapping[str, Any]:
        """A JSON object; empty where there is none that can be read."""
        return read_object((self.read(key) or b"").decode(errors="replace"))

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders directly below ``prefix``, in order."""
        found = self._cloud.pages(
            "s3", "list_objects_v2", "CommonPrefixes", Bucket=self.bucket, Prefix=prefix, Delimiter="/"
        )
        return sorted(str(item["Prefix"]).removeprefix(prefix).rstrip("/") for item in found)
