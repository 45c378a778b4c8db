"""One line of what SageMaker captured: a request and its answer. Pure.

The format is SageMaker's ("Interpret captured data", its guide): every body is a text, as it came or in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from workflow.contract.answer_name import ANSWER_ID, AnswerName
from workflow.contract.capture import RAW, Captured, kept_key
from workflow.contract.reading import ContractError, mapping, object_or_empty, read_object

BEGINNINGS = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"\x93NUMPY", "npy"),
    (b"{", "request.json"),
    (b"[", "request.json"),
)
"""How files begin, and what their names end with. A request of JSON must not take the place of its own document."""

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PLACE = re.compile(rf"{re.escape(RAW)}([A-Za-z0-9-]+)/([A-Za-z0-9-]+)/\d{{4}}/\d{{2}}/\d{{2}}/\d{{2}}/[^/]+\.jsonl")


@dataclass(frozen=True)
class Place:
    """Which endpoint and variant a file is about."""

    endpoint: str
    variant: str

    @staticmethod
    def of(key: str) -> Place:
        """Read the key that SageMaker gave the file. Raises ContractError for any other."""
        found = _PLACE.fullmatch(key)
        if found is None:
            raise ContractError(f"{key}: is no file that SageMaker captured below {RAW}")
        return Place(*found.groups())


@dataclass(frozen=True)
class Record:
    """A request's ``body`` with its content type, and the answer's, each as bytes.

    ``event_id`` is SageMaker's, ``caller_id`` the caller's own (InferenceId), empty where it gave none. SageMaker's
    guide writes it as ``inferenceId`` ("Ingest Ground Truth labels and merge them with predictions").
    """

    event_id: str
    caller_id: str
    taken: datetime
    content_type: str
    body: bytes
    answer: bytes

    @staticmethod
    def read(line: bytes) -> Record:
        """Read a line. Raises ContractError on one that is not whole."""
        try:
            event = mapping(json.loads(line), "line")
        except (ValueError, RecursionError) as error:
            raise ContractError(f"no line of JSON: {error}") from error
        about = mapping(event.get("eventMetadata"), "line.eventMetadata")
        data = mapping(event.get("captureData"), "line.captureData")
        given = mapping(data.get("endpointInput"), "line.captureData.endpointInput")
        said = mapping(data.get("endpointOutput"), "line.captureData.endpointOutput")
        identity = str(about.get("eventId"))
        if not _ID.fullmatch(identity):
            raise ContractError(f"line.eventMetadata.eventId: must be letters, digits and hyphens, found {identity!r}")
        try:
            taken = datetime.fromisoformat(str(about.get("inferenceTime")))
        except ValueError as error:
            raise ContractError(f"line.eventMetadata.inferenceTime: {error}") from error
        caller_id = str(about.get("inferenceId", ""))
        return Record(identity, caller_id, taken, str(given.get("observedContentType", "")), _body(given), _body(said))

    @cached_property
    def said(self) -> Any:
        """The answer's JSON; None where it is none."""
        try:
            return json.loads(self.answer)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def head(self) -> Mapping[str, Any]:
        """What says the answer's id and its model: its JSON, or the first of its lines, which all say it alike."""
        return object_or_empty(self.said) or read_object(self.answer.partition(b"\n")[0].decode("utf-8", "replace"))

    @cached_property
    def model_digest(self) -> str:
        """The model that answered; empty where the answer does not say it."""
        return str(self.head.get("model_digest", ""))

    @cached_property
    def name(self) -> AnswerName | None:
        """What the answer calls itself; None where it does not, or names another model than its own."""
        name = AnswerName.read(str(self.head.get(ANSWER_ID, "")))
        return name if name is not None and self.model_digest.startswith(name.model) else None

    @property
    def id(self) -> str:
        """What it is kept as: by the answer's own id, which leads here without an index."""
        return self.event_id if self.name is None else self.name.text()

    def other_names(self) -> list[str]:
        """What else it is called by somebody who may speak of it."""
        known = [self.caller_id] if self.caller_id else []
        return known if self.name is not None else [*known, self.event_id]

    def key(self) -> str:
        """Where it is kept, without an ending."""
        return kept_key(self.taken if self.name is None else self.name.given, self.id)

    def picture_key(self) -> str:
        """Where its body is kept: named by what the body is, whatever its sender called it."""
        return f"{self.key()}.{recognise(self.body)}"

    def document(self, place: Place) -> Captured:
        """What is kept beside the picture."""
        return Captured(
            id=self.id,
            endpoint=place.endpoint,
            variant=place.variant,
            taken=self.taken.isoformat(),
            picture=self.picture_key(),
            content_type=self.content_type,
            model_digest=self.model_digest,
            answer=self.said,
        )


def recognise(body: bytes) -> str:
    """What a file of these bytes is called at its end."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    return next((ending for beginning, ending in BEGINNINGS if body.startswith(beginning)), "bin")


def _body(part: Mapping[str, Any]) -> bytes:
    text = str(part.get("data", ""))
    if part.get("encoding") != "BASE64":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContractError(f"line.captureData: no base64: {error}") from error
