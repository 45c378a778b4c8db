"""The page's two forms as they are posted: the choice on the first page, and the version typed on the second.

A form counts only with the nonce that the page gave to this browser, told by its cookie; the nonce of the second form
is good for one choice. Reads and refuses; knows neither the table nor the page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from lambdas.decide.answer import VERBS, Answer
from lambdas.decide.identity import Person
from workflow.contract.plain_text import PlainName, is_plain_name, show_plain

FORM_BYTES = 20_000
NAME_LENGTH = 80
COMMENT_LENGTH = 500


class FormError(ValueError):
    """The form does not hold a decision: says what is missing. Nothing was decided."""


@dataclass(frozen=True)
class Posted:
    """What was posted. ``confirms`` says that it is the second form's; ``version`` is what was typed there."""

    answer: Answer
    confirms: bool
    version: str


def first_nonce(secret: str, cookie: str) -> str:
    """The nonce of the first form, for one browser."""
    return _nonce(secret, "look", cookie)


def second_nonce(secret: str, cookie: str, decision: str) -> str:
    """The nonce of the second form, for one browser and one choice."""
    return _nonce(secret, decision, cookie)


def read_posted(event: Mapping[str, Any], secret: str, cookie: str, person: Person | None = None) -> Posted:
    """Read a posted form. Raises FormError on anything but one known choice, a name and a nonce of this page.

    ``cookie`` is what the nonces were made for. Where somebody is signed in, that is the name, whatever the form says.
    """
    fields = read_form(event)
    decision = VERBS.get(fields.get("decision", ""))
    nonce = fields.get("nonce", "").encode()
    first = hmac.compare_digest(nonce, first_nonce(secret, cookie).encode())
    second = decision is not None and hmac.compare_digest(nonce, second_nonce(secret, cookie, decision).encode())
    if not secret or not cookie or not (first or second):
        raise FormError("This form does not belong to this request, or not to this browser. Please decide again here.")
    if decision is None:
        raise FormError("The form says neither approve nor reject.")
    by, comment = person.name if person else fields.get("name", "").strip(), show_plain(fields.get("comment", ""))
    if not by:
        raise FormError("Please give your name: it is kept with the decision.")
    if len(by) > NAME_LENGTH or len(comment) > COMMENT_LENGTH:
        raise FormError(f"A name may have {NAME_LENGTH} characters and a comment {COMMENT_LENGTH}.")
    if not is_plain_name(by):
        raise FormError(f"A name is {PlainName(NAME_LENGTH).wanted}.")
    answer = Answer(decision=decision, by=by, comment=comment, also=person.names if person else ())
    return Posted(answer, second, fields.get("version", "").strip())


def read_late(event: Mapping[str, Any], person: Person | None = None) -> Answer | None:
    """What a posted form says, for a request that takes no more decisions; None for what is no choice.

    Nothing is decided by it, so it is not held to this browser.
    """
    try:
        fields = read_form(event)
    except FormError:
        return None
    decision = VERBS.get(fields.get("decision", ""))
    if decision is None:
        return None
    by, comment = person.name if person else fields.get("name", "").strip(), show_plain(fields.get("comment", ""))
    return Answer(decision=decision, by=by, comment=comment, also=person.names if person else ())


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


def _nonce(secret: str, look: str, cookie: str) -> str:
    return hmac.new(secret.encode(), f"{look} {cookie}".encode(), hashlib.sha256).hexdigest()
