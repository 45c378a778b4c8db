"""What a request to the page asks for: its method, the id in its path, the page's own cookie.

Takes the payload of a Lambda function URL (version 2.0). Reads; knows neither the table nor the page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.approval import item_id
from workflow.contract.approval_link import PATH

COOKIE_BYTES = 24
"""How much chance a page's cookie is made of; 3 bytes are 4 of its characters (``secrets.token_urlsafe``)."""

_COOKIE = re.compile(rf"[A-Za-z0-9_-]{{{COOKIE_BYTES * 4 // 3}}}")


@dataclass(frozen=True)
class Link:
    """Where a request points. ``opaque_id`` is empty for any other address.

    ``cookie`` is the value of the page's own cookie, empty where none came; ``secure`` says that it came by https.
    """

    method: str
    opaque_id: str
    report: bool
    wants_json: bool
    cookie: str = ""
    secure: bool = True

    @staticmethod
    def read(event: Mapping[str, Any]) -> Link:
        """Read a function URL's event."""
        match = PATH.fullmatch(event.get("rawPath", ""))
        opaque_id = match.group(1) if match else ""
        headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
        return Link(
            method=event["requestContext"]["http"]["method"].upper(),
            opaque_id=opaque_id,
            report=bool(match and match.group(2)),
            wants_json="application/json" in headers.get("accept", ""),
            cookie=find_cookie(event.get("cookies", []), cookie_name(opaque_id)),
            secure=headers.get("x-forwarded-proto") != "http",
        )

    @property
    def key(self) -> str:
        """The table's key of the request."""
        return item_id(self.opaque_id)


def cookie_name(opaque_id: str) -> str:
    """The name of the cookie of one request's page, so that two pages in one browser do not mix."""
    return f"look-{hashlib.sha256(b'cookie ' + opaque_id.encode()).hexdigest()[:16]}"


def find_cookie(cookies: list[str], name: str) -> str:
    """The value of a cookie of ours, empty where there is none or it is none that this page gave."""
    found = [cookie.partition("=")[2] for cookie in cookies if cookie.partition("=")[0] == name]
    return found[0] if len(found) == 1 and _COOKIE.fullmatch(found[0]) else ""


def write_cookie(link: Link, value: str) -> str:
    """The cookie as an answer gives it: for this page alone, unseen by scripts, not sent along from other sites."""
    return f"{cookie_name(link.opaque_id)}={value}; HttpOnly; SameSite=Strict" + ("; Secure" if link.secure else "")
