"""Puts beside a run what its jobs read: documents, and copies of what lies elsewhere and may change there.

Safe to repeat: the same run writes the same objects to the same places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.s3.transfer import TransferConfig

from lambdas.plan_run.sources import Weights
from workflow.contract.champion import ChampionDocument, ChampionRecord
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import VERSION

ONE_REQUEST = TransferConfig(multipart_threshold=5 * 1024**3)
"""Copies below 5 GiB, S3's limit for one CopyObject, stay one request on the server's side."""


@dataclass(frozen=True)
class Layout:
    """The places of runs in S3."""

    s3: Any

    def write_champion(self, uri: str, champion: ChampionRecord | None) -> None:
        """Put ``champion.json`` where the evaluation reads it and, when there is a champion, a copy of its archive."""
        named = None if champion is None else champion.champion()
        self.write_json(uri + "champion.json", ChampionDocument(named).document())
        if champion is not None:
            self.copy(champion.model_data_url, uri + "model.tar.gz")

    def write_pretrained(self, uri: str, weights: Weights) -> None:
        """Put ``pretrained.json`` and, when weights were given, a copy of the very bytes that were hashed beside it."""
        self.write_json(
            uri + "pretrained.json",
            {"version": VERSION, "source": weights.uri or None, "sha256": weights.sha256 or None},
        )
        if weights.uri:
            self.copy(weights.uri, uri + "weights.pt", {"CopySourceIfMatch": weights.etag})

    def write_json(self, uri: str, document: Mapping[str, Any]) -> None:
        """Write one document."""
        bucket, key = split_s3_uri(uri)
        self.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json")

    def copy(self, source: str, target: str, conditions: Mapping[str, str] | None = None) -> None:
        """Copy one object without its bytes passing through here."""
        from_bucket, from_key = split_s3_uri(source)
        to_bucket, to_key = split_s3_uri(target)
        self.s3.copy(
            {"Bucket": from_bucket, "Key": from_key},
            to_bucket,
            to_key,
            ExtraArgs=dict(conditions or {}),
            Config=ONE_REQUEST,
        )
