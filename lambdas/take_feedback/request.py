"""Who says what: a request through the API in front of production, or one of the command. Pure.

The API knows who it let in, by a signature or a key, and that is kept; one key is many people's, so the body's ``by``
stands beside it. Whoever may call the function itself says by whom it is told.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.feedback import Given
from workflow.contract.reading import ContractError, object_or_empty

LARGEST = 200_000
"""Bytes of a body: as many boxes as may be given, with long names of classes."""


class RequestError(Exception):
    """A request of which nothing is kept: the status to answer with, and why."""

    def __init__(self, status: int, why: str) -> None:
        """``why`` is for whoever sent it."""
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Request:
    """What is given, and who says it."""

    given: Given
    by: str


def is_http(event: Mapping[str, Any]) -> bool:
    """Whether the API asks; the command's requests are the body alone."""
    return "requestContext" in event


def read(event: Mapping[str, Any]) -> Request:
    """Read a request. Raises RequestError."""
    if not is_http(event):
        given = _parse(event)
        if not given.name.strip():
            raise RequestError(400, "feedback.by: must say who gives it")
        return Request(given, given.name)
    who = _let_in(event)
    given = _parse(_body(event))
    return Request(given, f"{who} for {given.name}" if given.name.strip() else who)


def _parse(value: object) -> Given:
    try:
        return Given.parse(value)
    except ContractError as error:
        raise RequestError(400, str(error)) from error


def _let_in(event: Mapping[str, Any]) -> str:
    """The ARN whose signature API Gateway checked, or the id of the key. Raises RequestError where it names neither.

    ("API Gateway mapping template and access logging variable reference": ``identity.userArn``, ``identity.apiKeyId``.)
    """
    identity = object_or_empty(object_or_empty(event["requestContext"]).get("identity"))
    arn, key = identity.get("userArn"), identity.get("apiKeyId")
    if isinstance(arn, str) and arn:
        return arn
    if isinstance(key, str) and key:
        return f"key {key}"
    raise RequestError(403, "the API does not say who you are")


def _body(event: Mapping[str, Any]) -> object:
    text = str(event.get("body") or "")
    if len(text) > LARGEST * 4 // 3:
        raise RequestError(413, f"the body is larger than {LARGEST} bytes: give fewer boxes")
    try:
        return json.loads(base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise RequestError(
            400, 'the body is no JSON: send {"inference_id": "…", "verdict": "right"}, "wrong", or "boxes": […] instead'
        ) from error
