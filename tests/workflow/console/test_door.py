"""Who may talk to the console."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.workflow.console.asking import HOST, OWN, ask
from workflow.console.door import Door, refuse

HOSTS = frozenset({HOST})


@pytest.mark.parametrize(
    "headers",
    [
        {**OWN, "host": "console.example.com:4580"},
        {**OWN, "host": "127.0.0.1"},
        {**OWN, "origin": "http://127.0.0.1:4566"},
        {**OWN, "origin": "https://127.0.0.1:4580"},
        {**OWN, "origin": "null"},
        {**OWN, "sec-fetch-site": "cross-site"},
        {**OWN, "sec-fetch-site": "same-site"},
        {"host": HOST},
    ],
)
def test_what_comes_from_elsewhere_changes_nothing(headers: dict[str, str]) -> None:
    """Another name of this machine, another page of it, a page that hides where it is from."""
    assert refuse("POST", Headers(headers), HOSTS, read_only=False)


def test_the_consoles_own_pages_may_ask_and_read() -> None:
    """As browsers say it."""
    assert refuse("POST", Headers(OWN), HOSTS, read_only=False) == ""
    assert refuse("GET", Headers({"host": "127.0.0.1:4580"}), HOSTS, read_only=True) == ""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_an_account_is_only_read(method: str) -> None:
    """Whatever page asks, and by whichever method."""
    assert "changes nothing" in refuse(method, Headers(OWN), HOSTS, read_only=True)


def test_every_answer_runs_nothing_but_the_consoles_own_script() -> None:
    """Refusals as well; where an answer says more, that holds."""
    own = {"Content-Security-Policy": "sandbox"}
    app = Starlette(
        routes=[
            Route("/", lambda _: PlainTextResponse("")),
            Route("/own", lambda _: PlainTextResponse("", headers=own)),
        ]
    )
    door = Door(app, HOSTS, read_only=False)
    refused = ask(door, "/", "POST", {"host": HOST})
    assert refused.status == 403
    for answer in (ask(door, "/"), refused):
        assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert ask(door, "/own").headers["content-security-policy"] == "sandbox"


def test_an_account_is_shown_to_whoever_has_the_printed_address_and_to_nobody_else_on_this_machine() -> None:
    """The key goes from the address into a cookie that no other page's requests carry, and is not shown again."""
    app = Starlette(routes=[Route("/runs", lambda _: PlainTextResponse("an account"))])
    door = Door(app, HOSTS, read_only=True, key="right")
    assert [ask(door, path).status for path in ("/runs", "/runs?key=wrong", "/runs?key=")] == [403, 403, 403]
    opened = ask(door, "/runs?key=right")
    assert (opened.status, opened.headers["location"]) == (303, "/runs")
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ask(door, "/runs", headers={**OWN, "cookie": cookie.partition(";")[0]}).text == "an account"
    assert ask(door, "/runs", headers={**OWN, "cookie": "greenlight-console-4580=wrong"}).status == 403


def test_the_address_that_a_browser_is_started_with_opens_the_console_once() -> None:
    """Whoever works on this machine reads it among the arguments of the browser, for as long as that runs."""
    app = Starlette(routes=[Route("/runs", lambda _: PlainTextResponse("an account"))])
    door = Door(app, HOSTS, read_only=True, key="right", once="first")
    assert [ask(door, "/runs?key=first").status for _ in range(3)] == [303, 403, 403]
    assert ask(door, "/runs?key=").status == 403
    assert [ask(door, "/runs?key=right").status for _ in range(2)] == [303, 303]
