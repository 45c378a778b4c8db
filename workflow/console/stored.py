"""Reads what runs left in the stack's bucket: JSON documents, pages and pictures. Nothing of another bucket is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workflow.clients import Cloud
from workflow.contract.names import NOT_THERE, split_s3_uri
from workflow.contract.reading import ContractError
from workflow.errors import ServiceError

LARGEST = 64 * 2**20
"""Bytes of an object that are read; a report with its pictures has some megabytes."""


class Stored:
    """The objects of one bucket."""

    def __init__(self, cloud: Cloud, bucket: str) -> None:
        """Read from ``bucket``."""
        self._cloud = cloud
        self.bucket = bucket

    def read(self, uri: str) -> bytes | None:
        """An object's bytes; None where there is none, it is too large, or it is of another bucket."""
        try:
            bucket, key = split_s3_uri(uri)
        except ContractError:
            return None
        if bucket != self.bucket:
            return None
        try:
            answer = self._cloud.call("s3", "get_object", Bucket=bucket, Key=key)
        except ServiceError as error:
            if error.code in NOT_THERE or error.code == "NoSuchKey":
                return None
            raise
        if answer["ContentLength"] > LARGEST:
            return None
        return bytes(answer["Body"].read())

    def document(self, uri: str) -> Mapping[str, Any]:
        """A JSON object; empty where there is none that can be read."""
        content = self.read(uri)
        try:
            found = json.loads(content) if content is not None else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders directly below ``prefix``, in order."""
        found = self._cloud.pages(
            "s3", "list_objects_v2", "CommonPrefixes", Bucket=self.bucket, Prefix=prefix, Delimiter="/"
        )
        return sorted(str(item["Prefix"]).removeprefix(prefix).rstrip("/") for item in found)
