"""Asks an endpoint that answers asynchronously: the picture into S3, a place in the queue, then its answer out of S3.

The picture lies under its own digest, so that asking again writes the same object; what was asked and answered expires
by the bucket's lifecycle. The clients are given.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from workflow.contract.asynchronous import inputs_prefix
from workflow.contract.names import split_s3_uri

LOOK_SECONDS = 0.5
"""Pause between two looks for an answer."""
SHORTEST_WAIT_SECONDS = 60
"""The shortest RequestTTLSeconds that SageMaker takes."""


class NotAnswered(Exception):
    """The queue gave no answer: says why, or that it took too long."""


@dataclass(frozen=True)
class Queue:
    """The queue of an endpoint: clients of SageMaker's runtime and of S3, and the bucket that requests are put into."""

    runtime: Any
    s3: Any
    bucket: str
    stage: str
    endpoint: str

    def ask(self, content_type: str, picture: bytes, until: float) -> bytes:
        """The answer to one picture, waited for until a moment of the monotonic clock. Raises NotAnswered."""
        key = f"{inputs_prefix(self.stage)}checks/{hashlib.sha256(picture).hexdigest()}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=picture, ContentType=content_type)
        accepted = self.runtime.invoke_endpoint_async(
            EndpointName=self.endpoint,
            InputLocation=f"s3://{self.bucket}/{key}",
            ContentType=content_type,
            Accept="application/json",
            # Nobody waits for an answer that comes later.
            RequestTTLSeconds=max(SHORTEST_WAIT_SECONDS, round(until - time.monotonic())),
        )
        while True:
            answer = self._read(accepted["OutputLocation"])
            if answer is not None:
                return answer
            failure = self._read(accepted["FailureLocation"])
            if failure is not None:
                raise NotAnswered(failure.decode("utf-8", "replace"))
            if time.monotonic() >= until:
                raise NotAnswered("it was not answered in time: the queue is long, or no instance takes from it")
            time.sleep(LOOK_SECONDS)

    def _read(self, uri: str) -> bytes | None:
        bucket, key = split_s3_uri(uri)
        try:
            content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        return content
