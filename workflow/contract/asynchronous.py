"""Asynchronous inference: its keys, where its requests and answers lie, and what SageMaker is told of it.

A caller puts the body of a request into S3, SageMaker queues it, and the answer lies in S3 a little later. Bodies may
be 1 GB and an answer may take an hour (SageMaker's guide, "Asynchronous inference"). The fleet may be at no instance at
all while nobody asks ("Autoscale an asynchronous endpoint").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.rule import Whole, key

ASYNC = "async"
"""The kind's name."""

PREFIX = "asynchronous/"
"""Below which in the bucket everything lies that is asked and answered; it expires by the bucket's lifecycle."""

LARGEST_BODY = 1_000_000_000
"""Bytes of a request's body in S3, at most."""
LONGEST_SECONDS = 3600
"""Seconds that one answer may take, at most (InvocationTimeoutSeconds)."""


@dataclass(frozen=True)
class AsynchronousInput:
    """How an endpoint that answers asynchronously takes its requests."""

    async_concurrency: int = key(Whole("requests that one instance of an async endpoint answers at a time", 1, 1000), 4)


@dataclass(frozen=True)
class Outlets:
    """Where a stack's answers go: its bucket, the topics that are told, and the key that all of it is under, if any."""

    bucket: str
    answered_topic: str
    unanswered_topic: str
    key_arn: str = ""


def inputs_prefix(stage: str) -> str:
    """Where in the bucket requests to a stage are put, with a slash at its end."""
    return f"{PREFIX}{stage}/inputs/"


def answers_prefix(stage: str) -> str:
    """Where in the bucket the answers of a stage lie, with a slash at its end."""
    return f"{PREFIX}{stage}/answers/"


def failures_prefix(stage: str) -> str:
    """Where in the bucket lies why a stage did not answer, with a slash at its end."""
    return f"{PREFIX}{stage}/failures/"


def inference_config(concurrency: int, stage: str, outlets: Outlets) -> dict[str, Any]:
    """The AsyncInferenceConfig of a stage's endpoint configuration.

    No notification carries the answer itself (IncludeInferenceResponseIn): who may read the topic need not be one who
    may read what was seen in the pictures.
    """
    return {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": concurrency},
        "OutputConfig": {
            "S3OutputPath": f"s3://{outlets.bucket}/{answers_prefix(stage)}",
            "S3FailurePath": f"s3://{outlets.bucket}/{failures_prefix(stage)}",
            **({"KmsKeyId": outlets.key_arn} if outlets.key_arn else {}),
            "NotificationConfig": {"SuccessTopic": outlets.answered_topic, "ErrorTopic": outlets.unanswered_topic},
        },
    }
