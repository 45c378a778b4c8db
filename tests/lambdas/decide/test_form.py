"""What the page's two forms say."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from lambdas.decide.answer import Answer
from lambdas.decide.form import FormError, Posted, first_nonce, read_late, read_posted, second_nonce
from lambdas.decide.identity import Person

SECRET, COOKIE = "s" * 32, "c" * 32
NONCE = first_nonce(SECRET, COOKIE)


def event(method: str = "POST", **more: Any) -> dict[str, Any]:
    """A function URL's event."""
    return {"version": "2.0", "rawPath": "/a", "requestContext": {"http": {"method": method}}, "headers": {}, **more}


def form(**fields: str) -> dict[str, Any]:
    """A posted form that is right, except for what a test names."""
    return event("POST", body=urlencode({"decision": "approve", "name": "Ana", "nonce": NONCE, **fields}))


def read(posted: dict[str, Any]) -> Answer:
    """What the form says to this browser's request."""
    return read_posted(posted, SECRET, COOKIE).answer


def test_the_nonce_says_which_form_it_is() -> None:
    """The first chooses; the second, of the same choice, carries the version."""
    answer = Answer("approved", "Ana", "")
    assert read_posted(form(), SECRET, COOKIE) == Posted(answer, confirms=False, version="")
    second = form(nonce=second_nonce(SECRET, COOKIE, "approved"), version=" 4 ")
    assert read_posted(second, SECRET, COOKIE) == Posted(answer, confirms=True, version="4")
    with pytest.raises(FormError):
        read_posted(form(nonce=second_nonce(SECRET, COOKIE, "rejected")), SECRET, COOKIE)


@pytest.mark.parametrize(("secret", "cookie"), [("", COOKIE), (SECRET, ""), ("", ""), ("t" * 32, COOKIE)])
def test_a_nonce_is_one_browser_s_and_one_request_s(secret: str, cookie: str) -> None:
    """Made with nothing it is none, also for who makes it so."""
    for nonce in (NONCE, first_nonce(secret, cookie) if not (secret and cookie) else NONCE):
        with pytest.raises(FormError):
            read_posted(form(nonce=nonce), secret, cookie)


def test_what_was_chosen_is_read_without_a_nonce() -> None:
    """For a request that takes no more decisions: whoever comes late is told so, and nothing is decided by it."""
    assert read_late(form(nonce="", comment="fine")) == Answer("approved", "Ana", "fine")
    signed_in = Person("subject-7", "ada@example.com")
    assert read_late(form(nonce=""), signed_in) == Answer("approved", signed_in.name, "", also=signed_in.names)
    assert read_late(event("POST", body="x" * 30_000)) is None
    assert read_late(form(decision="maybe")) is None


@pytest.mark.parametrize("encoded", [False, True])
def test_a_form_is_read_whether_or_not_it_came_as_base64(encoded: bool) -> None:
    """Lambda encodes bodies as it sees fit."""
    posted = form(comment="gut   so\r\nja ü")
    if encoded:
        posted |= {"isBase64Encoded": True, "body": base64.b64encode(posted["body"].encode()).decode()}
    assert read(posted) == Answer("approved", "Ana", "gut so ja ü")


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
        read(form(**fields))


def test_a_comment_keeps_its_words_and_loses_what_nobody_sees() -> None:
    """It is kept with the model, and shown wherever that is."""
    posted = form(name="Zoë O'Brien", comment="see\u2028ticket \u202e12\x1b[2J")
    assert read(posted) == Answer("approved", "Zoë O'Brien", "see ticket 12 [2J")


@pytest.mark.parametrize("field", ["decision", "nonce", "name"])
def test_a_form_without_a_field_is_no_decision(field: str) -> None:
    """Missing counts as wrong."""
    fields = {"decision": "approve", "name": "Ana", "nonce": NONCE}
    del fields[field]
    with pytest.raises(FormError):
        read(event("POST", body=urlencode(fields)))


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
        read(posted)
