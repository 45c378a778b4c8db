"""Keeps web pages away: any site open in the user's browser can send requests to this machine.

A program is let in, a page of the stand-in itself is let in, and so is a person who opens an address. A page from
anywhere else is not, another port of this machine included, by whatever name it came here: a foreign name that
resolves to this machine is nobody's here. Browsers say in headers which no page can set where a request comes from
(`Host`, `Origin`, `Sec-Fetch-*`). Knows nothing about what is asked for.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

_AUTHORITY = re.compile(r"(?:\[([0-9a-fA-F:.]+)]|([^\s:/?#@\[\]]+))(?::[0-9]{1,5})?")
# AWS's query APIs take a call as the parameters of an address, so that opening an address can change something.
_CALL = re.compile(rb"(?:^|&)Action=")
# Every browser's User-Agent begins so; older ones, and all of them where they do not trust the address, say no more.
_BROWSER = "Mozilla/"
_SAID = {
    b"host": "host",
    b"origin": "origin",
    b"sec-fetch-site": "site",
    b"sec-fetch-mode": "mode",
    b"sec-fetch-dest": "destination",
    b"user-agent": "agent",
}
_STARTS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
# For what a browser does not ask about first: no other site's page may show an answer in a frame or as a part of it.
_UNSHARED = (
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
# A stored object, the one thing that is served in ranges, may be opened and may not act as a page of the stand-in.
_RANGES, _SANDBOX = b"accept-ranges", (b"content-security-policy", b"sandbox")


class Asked(NamedTuple):
    """What of a request tells who sends it; a header that is missing is empty."""

    method: str = "GET"
    query: bytes = b""
    host: str = ""
    origin: str = ""
    site: str = ""
    mode: str = ""
    destination: str = ""
    agent: str = ""


class WebPageGuard:
    """An ASGI application in front of another one, which no foreign web page gets through to."""

    def __init__(self, app: App, listening: str, url: str) -> None:
        """Stand before `app`, which listens on the address or name `listening` and is best reached at `url`."""
        self._app = app
        self._listening = listening
        self._url = url

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403 with one line that says why."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        server = scope.get("server") or ("", 0)
        reason = refusal(_asked(scope), self._listening, str(server[0]), self._url)
        if reason is None:
            await self._app(scope, receive, _unshared(send))
            return
        start = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        body = f"{reason}\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *_UNSHARED]
        await send({"type": f"{start}.start", "status": 403, "headers": headers})
        await send({"type": f"{start}.body", "body": body})


def refusal(asked: Asked, listening: str, server: str, url: str) -> str | None:
    """Why a request is refused, and what to do instead; None where it is let in.

    ``listening`` is the address or name the stand-in was told to listen on, ``server`` the address of this machine
    that the request arrived at, ``url`` what to recommend.
    """
    if not _is_own_name(asked.host, listening, server):
        return f"refused: the stand-in has no name {asked.host!r}; use {url}, or start it with --host and that name"
    if not (asked.site or asked.origin or asked.agent.startswith(_BROWSER)):
        return None
    if _comes_from_here(asked) or _only_opens(asked):
        return None
    page = f"a page of {asked.origin!r}" if asked.origin not in ("", "null") else "a page that does not say whose it is"
    return f"refused: {page} may ask nothing of the stand-in on this machine; open {url} itself, or use a program"


def _asked(scope: Message) -> Asked:
    said: dict[str, str] = {}
    for name, value in scope["headers"]:
        if member := _SAID.get(name):
            text = value.decode("latin-1")
            said[member] = f"{said[member]}, {text}" if member in said else text
    return Asked(scope.get("method", "GET"), scope["query_string"], **said)


@functools.lru_cache(maxsize=256)
def _is_own_name(host: str, listening: str, server: str) -> bool:
    """Whether a Host is loopback's, what the stand-in was told to listen on, or where a request arrived at.

    The engine's virtual hosts (buckets, functions, APIs) are all below `localhost`, which nobody can register.
    """
    found = _AUTHORITY.fullmatch(host)
    if found is None:
        return False
    name = (found[1] or found[2]).lower()
    if name == "localhost" or name.endswith(".localhost") or name == listening.lower():
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # The second, for a stand-in that listens everywhere.
    return address.is_loopback or name == server.lower()


def _comes_from_here(asked: Asked) -> bool:
    """Whether a page of this very address asks; a page without a referrer posts its forms from the origin `null`."""
    if asked.origin == f"http://{asked.host}":
        return asked.site not in ("same-site", "cross-site")
    return asked.site == "same-origin" and asked.origin in ("", "null")


def _only_opens(asked: Asked) -> bool:
    """Whether an address is opened for a person to see, in a tab and not in a frame: a link of a mail, a bookmark.

    It is so from other sites as well, where a mail is read or an identity provider sends its user back. The page that
    links sees nothing of the answer. An address that is a call is not opened by anyone: a redirect may lead there.
    """
    if asked.method not in ("GET", "HEAD") or asked.origin or _CALL.search(unquote_to_bytes(asked.query)):
        return False
    return asked.site in ("", "none") or (asked.mode, asked.destination) == ("navigate", "document")


def _unshared(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] in _STARTS:
            message = {**message, "headers": _for_this_origin(message.get("headers", ()))}
        await send(message)

    return sent


def _for_this_origin(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Headers of an answer that invites no other origin, whatever it said itself."""
    kept = [header for header in headers if not header[0].lower().startswith(b"access-control-")]
    names = {name.lower() for name, _ in kept}
    kept += [header for header in _UNSHARED if header[0] not in names]
    return [*kept, _SANDBOX] if _RANGES in names else kept
