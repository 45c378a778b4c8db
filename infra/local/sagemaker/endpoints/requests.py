"""One request to an asynchronous endpoint, from its headers until what SNS is told of it. Pure.

Shapes are those of InvokeEndpointAsync (botocore's model) and of SageMaker's guide, "Check prediction results". What an
answer's object is called is told to the caller at once: an id of its own, which is not the InferenceId.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.store import Record

INVOCATION_SECONDS = 900
"""How long a model may take where the request does not say (InvocationTimeoutSeconds)."""
QUEUE_SECONDS = 21_600
"""How long a request may wait where it does not say (RequestTTLSeconds)."""
LARGEST_BODY = 1_000_000_000
"""Bytes of a body ("Asynchronous inference": payloads up to 1 GB)."""
TEST_NOTIFICATION: Mapping[str, str] = {
    "eventVersion": "1.0",
    "eventSource": "aws:sagemaker",
    "eventName": "TestNotification",
}
"""What both topics are sent when an endpoint is created and updated ("Create endpoint")."""


@dataclass(frozen=True)
class Request:
    """A request in the queue. ``received`` is in seconds of the epoch; ``attempts`` ended with their container."""

    id: str
    inference_id: str
    endpoint: str
    input: str
    output: str
    failure: str
    received: float
    content_type: str = ""
    accept: str = ""
    attributes: str = ""
    queue_seconds: int = QUEUE_SECONDS
    invocation_seconds: int = INVOCATION_SECONDS
    attempts: int = 0

    @staticmethod
    def of(endpoint: str, sent: Mapping[str, str], output: Record, received: float) -> Request:
        """Read the members of InvokeEndpointAsync; ``output`` is the OutputConfig. Raises ServiceError."""
        if "InputLocation" not in sent:
            raise ServiceError("ValidationError", "InputLocation must be specified.")
        name = str(uuid.uuid4())
        answers = str(output["S3OutputPath"]).rstrip("/")
        failures = str(output.get("S3FailurePath") or answers).rstrip("/")
        return Request(
            id=name,
            inference_id=sent.get("InferenceId") or str(uuid.uuid4()),
            endpoint=endpoint,
            input=sent["InputLocation"],
            output=f"{answers}/{name}.out",
            failure=f"{failures}/{name}-error.out",
            received=received,
            content_type=sent.get("ContentType", ""),
            accept=sent.get("Accept", ""),
            attributes=sent.get("CustomAttributes", ""),
            queue_seconds=_within(sent, "RequestTTLSeconds", 60, QUEUE_SECONDS, QUEUE_SECONDS),
            invocation_seconds=_within(sent, "InvocationTimeoutSeconds", 1, 3600, INVOCATION_SECONDS),
        )

    def expired(self, now: float) -> bool:
        """Whether it has waited longer than it may."""
        return now - self.received > self.queue_seconds

    def headers(self) -> dict[str, str]:
        """What the container is sent beside the body."""
        given = {"Content-Type": self.content_type or "application/octet-stream", "Accept": self.accept or "*/*"}
        more = {"X-Amzn-SageMaker-Inference-Id": self.inference_id}
        return {**given, **more, **({"X-Amzn-SageMaker-Custom-Attributes": self.attributes} if self.attributes else {})}

    def completed(self, region: str, now: float, content_type: str) -> dict[str, Any]:
        """What the SuccessTopic is told."""
        answered = {"contentType": content_type, "outputLocation": self.output}
        return self._told(region, now, invocationStatus="Completed", responseParameters=answered)

    def failed(self, region: str, now: float, reason: str) -> dict[str, Any]:
        """What the ErrorTopic is told."""
        return self._told(region, now, invocationStatus="Failed", failureReason=reason)

    def _told(self, region: str, now: float, **more: Any) -> dict[str, Any]:
        asked = {
            "accept": self.accept,
            "contentType": self.content_type,
            "endpointName": self.endpoint,
            "inputLocation": self.input,
        }
        return {
            "awsRegion": region,
            "eventTime": _moment(now),
            "receivedTime": _moment(self.received),
            **more,
            "requestParameters": {name: value for name, value in asked.items() if value},
            "inferenceId": self.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }


def _within(sent: Mapping[str, str], member: str, low: int, high: int, usual: int) -> int:
    if member not in sent:
        return usual
    value = int(sent[member]) if sent[member].isdigit() else -1
    if not low <= value <= high:
        raise ServiceError("ValidationError", f"{member} {sent[member]} must be between {low} and {high}.")
    return value


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
