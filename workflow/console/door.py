"""Who may talk to the console: this machine's browser, on the console's own pages. Knows HTTP's headers and no page.

A page of another site can make a browser send requests here, under another name of this machine (DNS rebinding) or
from a form of its own. So a request must name this host, and one that changes something must come from a page of this
host, as every browser says in ``Origin``. Where an account is shown, whoever else works on this machine must not see it
with the credentials of the one who started the console: a browser needs the key that its printed address holds.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY = "key"
"""The part of an address that holds the key."""

CLOSED = "Open the console by the address that 'greenlight console' printed."

_READING = {"GET", "HEAD"}

LOOKS = {
    # Everything comes from here, nothing runs or looks otherwise than the files of this folder say.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # The own pages must stay told apart from others: `Origin` is null where no referrer is ever sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""The headers of every answer that does not say otherwise itself."""


class Door:
    """Lets in what comes from the console's own pages, and nothing that changes anything where it is ``read_only``."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], read_only: bool, key: str = "", once: str = "") -> None:
        """``hosts`` are the names, with port, by which the console is reached; ``key`` opens it, empty for anybody.

        ``once`` opens it as well, the first time that it is given.
        """
        self._app = app
        self._hosts = hosts
        self._read_only = read_only
        self._key = key
        self._once = once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in LOOKS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = refuse(str(scope["method"]), Headers(scope=scope), self._hosts, self._read_only)
        if refusal:
            await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, dressed)
            return
        if self._key:
            request = Request(scope)
            if self._opens(request.query_params.get(KEY, "")):
                # The address with the key must not stay where others read it, as in the browser's history.
                opened = RedirectResponse(request.url.path, 303)
                opened.set_cookie(_cookie(request), self._key, httponly=True, samesite="strict")
                await opened(scope, receive, dressed)
                return
            if not is_key(request.cookies.get(_cookie(request), ""), self._key):
                await PlainTextResponse(f"{CLOSED}\n", 403)(scope, receive, dressed)
                return
        await self._app(scope, receive, dressed)

    def _opens(self, given: str) -> bool:
        """Whether a key from an address opens the console; the one that is good once is used up by it."""
        if self._once and is_key(given, self._once):
            self._once = ""
            return True
        return is_key(given, self._key)


def is_key(given: str, key: str) -> bool:
    """Whether what was given is the key."""
    return hmac.compare_digest(given.encode(), key.encode())


def _cookie(request: Request) -> str:
    """The name of the cookie that holds the key: browsers give every port of a machine the same cookies."""
    return f"greenlight-console-{request.url.port}"


def refuse(method: str, headers: Headers, hosts: frozenset[str], read_only: bool) -> str:
    """Why a request is not let in; empty where it is."""
    host = headers.get("host", "")
    if host not in hosts:
        return f"This console is reached as {sorted(hosts)[0]} and by no other name."
    if method in _READING:
        return ""
    if read_only:
        return "This console shows an account and changes nothing in it."
    if headers.get("origin", "") != f"http://{host}" or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return "Only a page of this console may ask for that."
    return ""
