"""A bucket in memory, below a deployed stack: what commands on its objects call, and as fast as a dictionary."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

from botocore.response import StreamingBody

from tests.workflow.commands.test_cli import STACK
from workflow.errors import ServiceError

BUCKET = "bucket"


class BucketCloud:
    """Objects by their keys; ``objects`` may be read and written by a test. ``asked`` is which operations were."""

    local = True

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: set[str] = set()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.add(operation)
        if operation == "describe_stacks":
            return dict(STACK["describe_stacks"])  # type: ignore[arg-type]
        assert parameters["Bucket"] == BUCKET
        if operation == "get_object":
            return {"Body": self._body(parameters["Key"])}
        if operation == "put_object":
            self.objects[parameters["Key"]] = parameters["Body"]
        elif operation == "copy_object":
            assert parameters["CopySource"]["Bucket"] == BUCKET
            self.objects[parameters["Key"]] = self.objects[parameters["CopySource"]["Key"]]
        else:
            raise AssertionError(f"{operation} is not expected")
        return {}

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        self.asked.add(operation)
        assert operation == "list_objects_v2"
        assert parameters["Bucket"] == BUCKET
        prefix = parameters["Prefix"]
        below = sorted(one for one in self.objects if one.startswith(prefix))
        if key == "CommonPrefixes":
            folders = {prefix + one[len(prefix) :].split("/")[0] for one in below if "/" in one[len(prefix) :]}
            yield from ({"Prefix": f"{folder}/"} for folder in sorted(folders))
        else:
            yield from (self._listed(one) for one in below)

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        raise AssertionError(f"{url} is not expected")

    def _listed(self, key: str) -> dict[str, Any]:
        body = self.objects[key]
        return {"Key": key, "Size": len(body), "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'}

    def _body(self, key: str) -> StreamingBody:
        if key not in self.objects:
            raise ServiceError("NoSuchKey", f"{key} is not there")
        return StreamingBody(io.BytesIO(self.objects[key]), len(self.objects[key]))
