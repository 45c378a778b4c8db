"""What the page reads of a request: its path, its cookie."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.decide.link import Link, cookie_name, write_cookie

OPAQUE = "A" * 16 + "_" + "-" * 15
COOKIE = "c" * 32


def event(method: str = "GET", path: str = f"/a/{OPAQUE}", **more: Any) -> dict[str, Any]:
    """A function URL's event."""
    return {"version": "2.0", "rawPath": path, "requestContext": {"http": {"method": method}}, "headers": {}, **more}


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


def test_the_page_s_own_cookie_is_read() -> None:
    """Of this request alone."""
    name = cookie_name(OPAQUE)
    assert Link.read(event(cookies=["a=b", f"{name}={COOKIE}"])).cookie == COOKIE
    assert Link.read(event(cookies=[f"{cookie_name('x' * 32)}={COOKIE}"])).cookie == ""


@pytest.mark.parametrize("given", [[], ["="], ["{}="], ["{}=short"], ["{}=" + "c" * 33], ["{}=" + "c" * 32] * 2])
def test_what_this_page_never_gave_is_no_cookie(given: list[str]) -> None:
    """Nor are two of them: somebody put one beside ours."""
    name = cookie_name(OPAQUE)
    assert Link.read(event(cookies=[cookie.format(name) for cookie in given])).cookie == ""


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_a_cookie_goes_by_https_alone_where_the_page_came_by_it(scheme: str, secure: bool) -> None:
    """On one machine there is no https."""
    link = Link.read(event(headers={"X-Forwarded-Proto": scheme}))
    assert write_cookie(link, COOKIE).endswith("; Secure") is secure
    assert Link.read(event()).secure
