"""What a request to the page asks for: its method, the id in its path, the page's own cookie.

Takes the payload of a Lambda function URL (version 2.0). Reads; knows neither the table nor the page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.decide.identity import Person
from workflow.contract.approval import item_id
from workflow.contract.approval_link import PATH

COOKIE_BYTES = 24
"""How much chance a page's cookie is made of; 3 bytes are 4 of its characters (``secrets.token_urlsafe``)."""

_COOKIE = re.compile(rf"[A-Za-z0-9_-]{{{COOKIE_BYTES * 4 // 3}}}")


@dataclass(frozen=True)
class Link:
    """Where a request points. ``opaque_id`` is empty for any other address.

    ``cookie`` is the value of the page's own cookie, empty where none came; ``secure`` says that it came by https.
    ``session`` is what says who signed in, as it came; ``person`` is who that is, None until it was looked at and where
    nobody signs in.
    """

    method: str
    opaque_id: str
    report: bool
    wants_json: bool
    cookie: str = ""
    secure: bool = True
    session: str = ""
    person: Person | None = None

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
            secure=protocol_is_https(event),
            session=find_text(event.get("cookies", []), Link.session_name(opaque_id)),
        )

    @property
    def key(self) -> str:
        """The table's key of the request."""
        return item_id(self.opaque_id)

    @property
    def browser(self) -> str:
        """What a form's nonce is made for: this browser, and who is signed in there; empty where no cookie came."""
        return f"{self.cookie} {self.person.subject}" if self.cookie and self.person else self.cookie

    @staticmethod
    def session_name(opaque_id: str) -> str:
        """The name of the cookie that says who signed in for one request."""
        return f"session-{hashlib.sha256(b'session ' + opaque_id.encode()).hexdigest()[:16]}"


def protocol_is_https(event: Mapping[str, Any]) -> bool:
    """Whether a request came by https; anything but a plain no is a yes, so that cookies keep their mark."""
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    return headers.get("x-forwarded-proto") != "http"


def cookie_name(opaque_id: str) -> str:
    """The name of the cookie of one request's page, so that two pages in one browser do not mix."""
    return f"look-{hashlib.sha256(b'cookie ' + opaque_id.encode()).hexdigest()[:16]}"


def find_cookie(cookies: list[str], name: str) -> str:
    """The value of a cookie of ours, empty where there is none or it is none that this page gave."""
    found = find_text(cookies, name)
    return found if _COOKIE.fullmatch(found) else ""


def write_cookie(link: Link, value: str) -> str:
    """The cookie as an answer gives it: for this page alone, unseen by scripts, not sent along from other sites."""
    return f"{cookie_name(link.opaque_id)}={value}; HttpOnly; SameSite=Strict" + ("; Secure" if link.secure else "")


def find_text(cookies: list[str], name: str) -> str:
    """The value of a cookie as it came, empty where there is none, or more than one of the name."""
    found = [cookie.partition("=")[2] for cookie in cookies if cookie.partition("=")[0] == name]
    return found[0] if len(found) == 1 else ""


def write_lax_cookie(name: str, value: str, seconds: int, secure: bool) -> str:
    """A cookie that also comes along when another site leads here, as a provider does; 0 seconds take it away."""
    return f"{name}={value}; Max-Age={seconds}; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
