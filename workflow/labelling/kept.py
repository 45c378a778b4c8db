"""Reads what is kept of production: the document of each answer, what people said of it, and pictures by their keys.

Nothing is decided here, and no picture is read but those that are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.capture import KEPT, Captured
from workflow.contract.feedback import FEEDBACK, WRONG, Feedback
from workflow.contract.reading import ContractError, object_or_empty
from workflow.errors import GreenlightError, ServiceError
from workflow.feedback import figures
from workflow.predictions.pictures import SUFFIXES


def list_days(last: date, days: int) -> list[str]:
    """The prefixes of so many days, the last one last.

    >>> list_days(date(2026, 12, 1), 2)
    ['captured/kept/2026/11/30/', 'captured/kept/2026/12/01/']
    """
    return [f"{KEPT}{last - timedelta(days=back):%Y/%m/%d}/" for back in reversed(range(days))]


def read_kept(cloud: Cloud, bucket: str, prefixes: Iterable[str]) -> Iterator[Captured]:
    """What is kept below the prefixes and can be labelled: a picture, with an answer that is about one picture.

    Raises GreenlightError for a document that is none.
    """
    keys = [
        str(item["Key"])
        for prefix in prefixes
        for item in cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)
    ]
    documents = [key for key in keys if key.endswith(".json") and not key.endswith(".request.json")]
    with ThreadPoolExecutor(CONNECTIONS) as at_once:
        for captured in at_once.map(lambda key: _read(cloud, bucket, key), documents):
            if captured is not None and captured.picture.lower().endswith(SUFFIXES) and _is_one_picture(captured):
                yield captured


@dataclass(frozen=True)
class Said:
    """What a person said of an answer: WRONG or RIGHT, and the boxes as they should be, None where only that was said.

    A box has its ``class`` and its ``box`` as an answer's detection has.
    """

    verdict: str
    boxes: Sequence[Mapping[str, Any]] | None = None


def read_feedback(cloud: Cloud, bucket: str) -> dict[str, Said]:
    """What people said of answers by the id of the inference: whoever said wrong is believed, boxes before words, and
    of several of a kind the last.

    What is no such object is passed over: it says nothing of any picture.
    """
    keys = [
        str(item["Key"])
        for item in cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=FEEDBACK)
        if str(item["Key"]).endswith(".json")
    ]
    believed: dict[str, Feedback] = {}
    with ThreadPoolExecutor(CONNECTIONS) as at_once:
        for told in at_once.map(lambda key: figures.read_feedback(cloud, bucket, key), keys):
            if told is not None:
                others = believed.get(told.inference_id, told)
                # No boxes at all are boxes, too: they say that there is nothing.
                believed[told.inference_id] = max(
                    others, told, key=lambda one: (one.verdict == WRONG, one.boxes is not None, one.at)
                )
    return {
        identity: Said(one.verdict, None if one.boxes is None else [box.document() for box in one.boxes])
        for identity, one in believed.items()
    }


def fetch_pictures(cloud: Cloud, bucket: str, wanted: Sequence[Captured], folder: Path) -> Mapping[str, Path]:
    """Pictures in a folder, each called by its id; where each is. One that has expired meanwhile is left out."""

    def fetch(captured: Captured) -> tuple[str, Path | None]:
        body = _get(cloud, bucket, captured.picture)
        if body is None:
            return captured.id, None
        file = folder / f"{captured.id}{Path(captured.picture).suffix}"
        file.write_bytes(body)
        return captured.id, file

    with ThreadPoolExecutor(CONNECTIONS) as at_once:
        return {identity: file for identity, file in at_once.map(fetch, wanted) if file is not None}


def _is_one_picture(captured: Captured) -> bool:
    answer = object_or_empty(captured.answer)
    return isinstance(answer.get("detections"), list) or isinstance(answer.get("classification"), list)


def _read(cloud: Cloud, bucket: str, key: str) -> Captured | None:
    body = _get(cloud, bucket, key)
    if body is None:
        return None
    try:
        found = Captured.parse(_parse(body))
        # By which the picture's file is called here, so that it must not lead elsewhere.
        if key.rpartition("/")[2] != f"{found.id}.json":
            raise ContractError(f"Captured.id: must be what the object is called, found {found.id!r}")
    except ContractError as error:
        raise GreenlightError(f"s3://{bucket}/{key} is no document of an answer: {error}.") from error
    return found


def _get(cloud: Cloud, bucket: str, key: str) -> bytes | None:
    """What an object holds; None where it has expired since it was listed."""
    try:
        body: bytes = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    except ServiceError as error:
        if error.code != "NoSuchKey":
            raise
        return None
    return body


def _parse(body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
