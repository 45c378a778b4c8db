"""Answers in the shape a Lambda function URL returns, with the headers that keep a page harmless.

No answer may be stored or run a script; nobody may frame any of them; the page posts to its own origin only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; sandbox"
)
HEADERS = {
    "Cache-Control": "no-store",
    # Not `no-referrer`: browsers would post the page's form without saying that it is the page's own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Strict-Transport-Security": "max-age=31536000",
}
PAYLOAD_BYTES = 5_900_000
"""What fits into one answer: Lambda's limit is 6 MB for the whole answer as JSON."""


def html(
    status: int,
    text: str,
    policy: str = PAGE_POLICY,
    extra: Mapping[str, str] | None = None,
    cookies: Sequence[str] = (),
) -> dict[str, Any]:
    """A page."""
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy, **HEADERS}
    return _answer(status, {**headers, **(extra or {})}, text, cookies)


def document(status: int, value: Mapping[str, Any], cookies: Sequence[str] = ()) -> dict[str, Any]:
    """JSON for a program."""
    headers = {"Content-Type": "application/json", "Content-Security-Policy": PAGE_POLICY, **HEADERS}
    return _answer(status, headers, json.dumps(value, ensure_ascii=False), cookies)


def redirect(location: str, cookies: Sequence[str]) -> dict[str, Any]:
    """Send a browser on. Nothing of our own address goes along: the policy on referrers holds here too."""
    return _answer(303, {"Location": location, "Content-Security-Policy": PAGE_POLICY, **HEADERS}, "", cookies)


def fits(answer: Mapping[str, Any]) -> bool:
    """Whether Lambda can return this answer."""
    return len(json.dumps(answer)) <= PAYLOAD_BYTES


def without_body(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer to HEAD."""
    return {**answer, "body": ""}


def _answer(status: int, headers: Mapping[str, str], body: str, cookies: Sequence[str]) -> dict[str, Any]:
    answer = {"statusCode": status, "headers": dict(headers), "body": body, "isBase64Encoded": False}
    return {**answer, "cookies": list(cookies)} if cookies else answer
