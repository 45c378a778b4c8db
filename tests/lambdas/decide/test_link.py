"""What the page reads of a request."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.decide.link import Answer, FormError, Link, read_answer

OPAQUE = "A" * 16 + "_" + "-" * 15
NONCE = "n" * 32


def event(method: str = "GET", path: str = f"/a/{OPAQUE}", **more: Any) -> dict[str, Any]:
    """A function URL's event."""
    return {"version": "2.0", "rawPath": path, "requestContext": {"http": {"method": method}}, "headers": {}, **more}


def form(**fields: str) -> dict[str, Any]:
    """A posted form that is right, except for what a test names."""
    return event("POST", body=urlencode({"decision": "approve", "name": "Ana", "nonce": NONCE, **fields}))


def test_a_link_is_read() -> None:
    """Page and report have one id."""
    assert Link.read(event()) == Link("GET", OPAQUE, report=False, wants_json=False)
    assert Link.read(event(path=f"/a/{OPAQUE}/report")).report
    assert Link.read(event(headers={"Accept": "application/json"})).wants_json


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a/",
        f"/a/{OPAQUE}x",
        f"/a/{OPAQUE[:-1]}",
        f"/a/{OPAQUE}/",
        f"/b/{OPAQUE}",
        f"/a/{OPAQUE}/report/x",
        "/a/champion",
    ],
)
def test_another_path_has_no_id(path: str) -> None:
    """No path leads to another item of the table."""
    assert Link.read(event(path=path)).opaque_id == ""


@pytest.mark.parametrize("encoded", [False, True])
def test_a_form_is_read_whether_or_not_it_came_as_base64(encoded: bool) -> None:
    """Lambda encodes bodies as it sees fit."""
    posted = form(comment="gut   so\r\nja ü")
    if encoded:
        posted |= {"isBase64Encoded": True, "body": base64.b64encode(posted["body"].encode()).decode()}
    assert read_answer(posted, NONCE) == Answer("approved", "Ana", "gut so ja ü")


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "maybe"},
        {"decision": ""},
        {"decision": "Approve"},
        {"nonce": ""},
        {"nonce": NONCE[:-1]},
        {"nonce": "ü"},
        {"name": ""},
        {"name": " \n"},
        {"name": "x" * 81},
        {"name": "Ana\u2028Bo"},
        {"name": "\u202eanA"},
        {"name": "A\u200bna"},
        {"name": "\x1b[2JAna"},
        {"name": "https://evil.example"},
        {"name": "www.evil.example"},
        {"name": "<b>Ana</b>"},
        {"comment": "x" * 501},
    ],
    ids=str,
)
def test_a_form_that_is_not_whole_is_no_decision(fields: dict[str, str]) -> None:
    """Unknown action, missing or wrong nonce, no name."""
    with pytest.raises(FormError):
        read_answer(form(**fields), NONCE)


def test_a_comment_keeps_its_words_and_loses_what_nobody_sees() -> None:
    """It is kept with the model, and shown wherever that is."""
    posted = form(name="Zoë O'Brien", comment="see\u2028ticket \u202e12\x1b[2J")
    assert read_answer(posted, NONCE) == Answer("approved", "Zoë O'Brien", "see ticket 12 [2J")


@pytest.mark.parametrize("field", ["decision", "nonce", "name"])
def test_a_form_without_a_field_is_no_decision(field: str) -> None:
    """Missing counts as wrong."""
    fields = {"decision": "approve", "name": "Ana", "nonce": NONCE}
    del fields[field]
    with pytest.raises(FormError):
        read_answer(event("POST", body=urlencode(fields)), NONCE)


@pytest.mark.parametrize(
    "posted",
    [
        event("POST"),
        event("POST", body="x" * 30_000),
        event("POST", body="!", isBase64Encoded=True),
        event("POST", body=base64.b64encode(b"\xff\xfe").decode(), isBase64Encoded=True),
        event("POST", body=f"decision=approve&decision=reject&name=a&nonce={NONCE}"),
        event("POST", body="&".join(f"f{number}=1" for number in range(50))),
        event("POST", body=f"decision=approve&name=%ff&nonce={NONCE}"),
    ],
    ids=["empty", "long", "no base64", "no text", "both decisions", "many fields", "broken escape"],
)
def test_a_body_that_is_no_form_is_no_decision(posted: dict[str, Any]) -> None:
    """Whatever arrives, nothing is decided by it."""
    with pytest.raises(FormError):
        read_answer(posted, NONCE)
