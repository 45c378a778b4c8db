"""What is kept of production's requests and answers: where it lies, and how SageMaker is told to capture it.

The serving container has no network, so that it is SageMaker which captures: beside the container, in files of many
requests that no program for pictures opens. A function makes pictures and documents of them, one of each a request.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.contract.document import Document, Text

RAW = "captured/raw/"
"""Below which SageMaker writes: ``<endpoint>/<variant>/yyyy/mm/dd/hh/<name>.jsonl``."""
KEPT = "captured/kept/"
"""Below which pictures and documents are kept: ``yyyy/mm/dd/<id>.jpg`` and ``.json``."""
NAMED = "captured/named/"
"""Below which it is kept what a request is called beside its answer's own id, by a digest: ``<sha256>.json``."""

OWN_REQUEST = "greenlight-release"
"""The caller's id (InferenceId) of what a release asks production itself, with held-out pictures: it is no request of
anybody's, would hide a drift, and would be labelled to train on. It is captured and not kept.
"""

JSON_TYPES = ("application/json", "application/jsonlines")
"""What is captured as the text that it is; all else in base64 (CaptureContentTypeHeader)."""


@dataclass(frozen=True)
class Captured(Document):
    """One request to production and its answer.

    ``id`` is the answer's own (AnswerName), SageMaker's where the answer carries none; ``taken`` the time of the answer
    (ISO 8601), ``picture`` the key of the request's body in the same bucket, ``content_type`` what its sender called
    it. ``model_digest`` is the model that answered, empty where the answer does not say it. ``answer`` is None where it
    is no single document of JSON: of lines only their id and their model are known.
    """

    id: Text
    endpoint: Text
    variant: Text
    taken: Text
    picture: Text
    content_type: str
    model_digest: str
    answer: Any


@dataclass(frozen=True)
class OtherName(Document):
    """Which document is kept of a request that its caller, or SageMaker, calls otherwise than its answer does."""

    document_key: Text


def kept_key(given: datetime, identity: str) -> str:
    """Where a request and its answer are kept, without an ending; ``given`` is the time of the answer (UTC)."""
    return f"{KEPT}{given:%Y/%m/%d}/{identity}"


def named_key(name: str) -> str:
    """Where it is kept what is called so. By its digest, for a caller's own id is any text, and may be a person's."""
    return f"{NAMED}{hashlib.sha256(name.encode()).hexdigest()}.json"


def configure_capture(percent: int, bucket: str, key: str) -> dict[str, Any] | None:
    """SageMaker's DataCaptureConfig of ``percent`` of the requests, None of none; ``key`` is KMS's, empty for S3's."""
    if not percent:
        return None
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percent,
        "DestinationS3Uri": f"s3://{bucket}/{RAW.rstrip('/')}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": list(JSON_TYPES)},
        **({"KmsKeyId": key} if key else {}),
    }
