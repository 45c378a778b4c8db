"""Data capture: a share of an endpoint's requests and answers, written to S3 in SageMaker's own files.

Never an answer waits for it: what is captured waits in memory, as much as may, and the rest is lost, as on AWS
("Capture data from real-time endpoint": where its disk fills, capturing stops, and serving does not).
"""

from __future__ import annotations

import base64
import json
import logging
import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.sagemaker.endpoints.endpoint_configs import KIND, EndpointConfigs
from infra.local.sagemaker.serving import Answer
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")
MOST_BYTES = 64 * 1024 * 1024
"""What waits at one time of all endpoints."""
SECONDS = 60.0
"""How long it waits for its file; AWS promises no time, and takes some minutes."""


@dataclass(frozen=True)
class Captured:
    """One request and its answer as they were; where its file goes, as whose role, and under which folder."""

    destination: str
    role: str
    folder: str
    wanted: Record
    sent: str
    body: bytes
    answer: Answer
    inference_id: str
    at: datetime

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return len(self.body) + len(self.answer.body)

    def line(self) -> bytes:
        """It as a line of SageMaker's file."""
        modes = {option["CaptureMode"] for option in self.wanted["CaptureOptions"]}
        texts = {kind for kinds in self.wanted.get("CaptureContentTypeHeader", {}).values() for kind in kinds}
        said = self.answer.headers.get("content-type", "")
        data = {
            **({"endpointInput": _part("INPUT", self.sent, self.body, texts)} if modes & _IN else {}),
            **({"endpointOutput": _part("OUTPUT", said, self.answer.body, texts)} if modes & _OUT else {}),
        }
        about = {"eventId": str(uuid.uuid4()), "inferenceTime": f"{self.at:%Y-%m-%dT%H:%M:%SZ}"}
        if self.inference_id:
            about["inferenceId"] = self.inference_id
        return json.dumps({"captureData": data, "eventMetadata": about, "eventVersion": "0"}).encode() + b"\n"


class Capture:
    """What is captured of every endpoint, until it is written."""

    def __init__(self, workshop: Workshop, configs: EndpointConfigs) -> None:
        self._workshop = workshop
        self._configs = configs
        self._waiting: list[Captured] = []
        self._bytes = 0
        self._condition = threading.Condition()
        self._writer: threading.Thread | None = None
        self._over = False

    def add(
        self,
        place: tuple[str, str, str],
        sent: Mapping[str, str],
        body: bytes,
        answer: Answer,
        inference_id: str = "",
    ) -> None:
        """Capture one invocation if its configuration says so, which may be gone by now.

        ``place`` is the endpoint, the variant and the configuration, ``inference_id`` the caller's, which stands beside
        SageMaker's own ("Ingest Ground Truth labels and merge them with predictions", its guide).
        """
        endpoint, variant, configuration = place
        wanted = self._wanted(configuration)
        share = wanted.get("InitialSamplingPercentage", 0) if wanted.get("EnableCapture", True) else 0
        if random.SystemRandom().random() * 100 >= share:
            return
        served = {one.name: one.container for one in self._configs.variants(configuration)}[variant]
        role = "" if served is None else served.role
        one = Captured(
            wanted["DestinationS3Uri"].rstrip("/"),
            role,
            f"{endpoint}/{variant}",
            wanted,
            sent["Content-Type"],
            body,
            answer,
            inference_id,
            datetime.now(UTC),
        )
        with self._condition:
            if self._bytes + one.size > MOST_BYTES or self._over:
                return
            self._waiting.append(one)
            self._bytes += one.size
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_now_and_then, name="capture", daemon=True)
                self._writer.start()

    def shown(self, configuration: str) -> Record:
        """What DescribeEndpoint tells of capturing."""
        wanted = self._wanted(configuration)
        if not wanted:
            return {}
        enabled = wanted.get("EnableCapture", True)
        told = {
            "EnableCapture": enabled,
            "CaptureStatus": "Started" if enabled else "Stopped",
            "CurrentSamplingPercentage": wanted["InitialSamplingPercentage"],
            "DestinationS3Uri": wanted["DestinationS3Uri"],
            "KmsKeyId": wanted.get("KmsKeyId", ""),
        }
        return {"DataCaptureConfig": told}

    def close(self) -> None:
        """Capture nothing more; what still waits is lost, as S3 ends with the stand-in."""
        with self._condition:
            self._over = True
            self._condition.notify_all()

    def _wanted(self, configuration: str) -> Record:
        config = self._workshop.store.read(KIND, configuration) or {}
        return dict(config.get("DataCaptureConfig", {}))

    def _write_now_and_then(self) -> None:
        while True:
            with self._condition:
                if self._condition.wait_for(lambda: self._over, SECONDS * self._workshop.settings.wait_scale):
                    return
                waiting, self._waiting, self._bytes = self._waiting, [], 0
            files: dict[tuple[str, str, str], list[bytes]] = {}
            for one in waiting:
                files.setdefault((one.destination, one.role, one.folder), []).append(one.line())
            for (destination, role, folder), lines in files.items():
                self._write(destination, role, folder, b"".join(lines))

    def _write(self, destination: str, role: str, folder: str, content: bytes) -> None:
        now = datetime.now(UTC)
        uri = f"{destination}/{folder}/{now:%Y/%m/%d/%H}/{now:%M-%S-%f}-{uuid.uuid4()}.jsonl"
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            self._workshop.storage.of_role(role).client.put_object(Bucket=bucket, Key=key, Body=content)
        except Exception as error:
            _LOG.warning("what was captured of %s is lost: %s", folder, error)


_IN, _OUT = {"Input", "InputAndOutput"}, {"Output", "InputAndOutput"}


def _part(mode: str, content_type: str, body: bytes, texts: set[str]) -> dict[str, Any]:
    kind = content_type.partition(";")[0].strip()
    as_text = kind in texts
    return {
        "observedContentType": content_type,
        "mode": mode,
        "data": body.decode("utf-8", "replace") if as_text else base64.b64encode(body).decode(),
        "encoding": ("CSV" if kind == "text/csv" else "JSON") if as_text else "BASE64",
    }
