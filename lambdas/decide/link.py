"""What a request to the page asks for: its method, the id in its path, the fields of its form.

Takes the payload of a Lambda function URL (version 2.0). Reads and refuses; knows neither the table nor the page.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from workflow.contract.approval import APPROVED, REJECTED
from workflow.contract.approval_link import PATH
from workflow.contract.plain_text import PlainName, is_plain_name, show_plain

FORM_BYTES = 20_000
NAME_LENGTH = 80
COMMENT_LENGTH = 500
DECISIONS = {"approve": APPROVED, "reject": REJECTED}


class FormError(ValueError):
    """The form does not hold a decision: says what is missing. Nothing was decided."""


@dataclass(frozen=True)
class Link:
    """Where a request points. ``opaque_id`` is empty for any other address."""

    method: str
    opaque_id: str
    report: bool
    wants_json: bool

    @staticmethod
    def read(event: Mapping[str, Any]) -> Link:
        """Read a function URL's event."""
        match = PATH.fullmatch(event.get("rawPath", ""))
        headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
        return Link(
            method=event["requestContext"]["http"]["method"].upper(),
            opaque_id=match.group(1) if match else "",
            report=bool(match and match.group(2)),
            wants_json="application/json" in headers.get("accept", ""),
        )


@dataclass(frozen=True)
class Answer:
    """What somebody decided: ``approved`` or ``rejected``, under which name, with which comment."""

    decision: str
    by: str
    comment: str


def read_answer(event: Mapping[str, Any], nonce: str) -> Answer:
    """Read the posted form. Raises FormError on anything but one known decision, a name and this request's nonce."""
    fields = read_form(event)
    if not hmac.compare_digest(fields.get("nonce", "").encode(), nonce.encode()):
        raise FormError("This form does not belong to this request. Open the link in the mail again.")
    decision = DECISIONS.get(fields.get("decision", ""))
    if decision is None:
        raise FormError("The form says neither approve nor reject.")
    by, comment = fields.get("name", "").strip(), show_plain(fields.get("comment", ""))
    if not by:
        raise FormError("Please give your name: it is kept with the decision.")
    if len(by) > NAME_LENGTH or len(comment) > COMMENT_LENGTH:
        raise FormError(f"A name may have {NAME_LENGTH} characters and a comment {COMMENT_LENGTH}.")
    if not is_plain_name(by):
        raise FormError(f"A name is {PlainName(NAME_LENGTH).wanted}.")
    return Answer(decision=decision, by=by, comment=comment)


def read_form(event: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a URL-encoded form. Raises FormError where it is too long, no text, or names a field twice."""
    body = event.get("body") or ""
    if len(body) > FORM_BYTES:
        raise FormError("The form is too long.")
    try:
        text = base64.b64decode(body, validate=True).decode() if event.get("isBase64Encoded") else body
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=20, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise FormError("The form cannot be read.") from error
    if any(len(values) > 1 for values in fields.values()):
        raise FormError("The form names a field twice.")
    return {name: values[0] for name, values in fields.items()}
