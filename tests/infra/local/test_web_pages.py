"""Who is let in, by what a request's headers say: programs, own pages and people; no page from anywhere else."""

from __future__ import annotations

import asyncio
import http.client
import re
from typing import Any

import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from infra.local.web_pages import Asked, WebPageGuard, refusal
from tests.infra.local.machines import Machines
from tests.stand_in import StandIn

HOST = "127.0.0.1:4566"
OWN = f"http://{HOST}"
FOREIGN = ("http://127.0.0.1:8000", "http://localhost:4566", "https://127.0.0.1:4566", "https://evil.example", "null")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
A_CALL = b"QueueName=q&Action=CreateQueue"
NAMES = (
    HOST,
    "localhost:4566",
    "LOCALHOST",
    "127.8.9.1",
    "[::1]:4566",
    "bucket.localhost:4566",
    "bucket.s3.us-east-1.localhost:4566",
    "0123abcd.execute-api.localhost:4566",
    "0123.lambda-url.us-east-1.localhost:4566",
)
STRANGE_NAMES = (
    "",
    "evil.example:4566",
    "localhost.evil.example",
    "notlocalhost",
    "localhost.",
    "127.0.0.1.nip.io",
    "0.0.0.0:4566",
    "192.0.2.7:4566",
    "s3.amazonaws.com",
    "localhost:4566, evil.example",
    "evil.example@localhost",
    "localhost:port",
    "[::1",
)


def refused(asked: Asked, listening: str = "127.0.0.1", server: str = "127.0.0.1") -> str | None:
    """The decision of a stand-in that listens on this machine only."""
    return refusal(asked, listening, server, OWN)


def view(**more: Any) -> Asked:
    """A browser opens an address in a tab, by default as a link of another site."""
    said = {"host": HOST, "agent": BROWSER, "site": "cross-site", "mode": "navigate", "destination": "document"}
    return Asked(**{**said, **more})


ALLOWED = {
    "botocore, awscli, curl": Asked("POST", host=HOST, agent="aws-cli/2.30"),
    "a program that names no agent": Asked("PUT", host=HOST),
    "Node's fetch": Asked("POST", host=HOST, agent="node", mode="cors"),
    "a program with a call in the address": Asked(host=HOST, query=A_CALL),
    "a preflight that no browser sent": Asked("OPTIONS", host=HOST),
    "an address typed, or a link of a mail program": view(site="none"),
    "a link of a page somewhere else": view(),
    "a link of a page on another port": view(site="same-site"),
    "a browser that says nothing opens a page": Asked(host=HOST, agent=BROWSER),
    "an own page's form": view(method="POST", site="same-origin", origin=OWN),
    "an own page's form without a referrer": view(method="POST", site="same-origin", origin="null"),
    "an own page's form, reached by a forwarded port": view(
        method="POST", site="same-origin", host="localhost:9", origin="http://localhost:9"
    ),
    "an own page's form in a browser that says its origin only": Asked("POST", host=HOST, agent=BROWSER, origin=OWN),
    "an own page's frame": view(site="same-origin", destination="iframe"),
    "an own page's call": view(site="same-origin", query=A_CALL, mode="cors", destination="empty"),
    "a form sent again by the browser": view(method="POST", site="none", origin=OWN),
}
REFUSED = {
    "a picture elsewhere": view(mode="no-cors", destination="image"),
    "a script elsewhere": view(mode="no-cors", destination="script"),
    "a frame elsewhere": view(destination="iframe"),
    "a frame on another port": view(site="same-site", destination="iframe"),
    "an embedded object elsewhere": view(destination="object"),
    "a form elsewhere": view(method="POST", origin="https://evil.example"),
    "a form on another port": view(method="POST", site="same-site", origin="http://127.0.0.1:8000"),
    "a form elsewhere, without a referrer": view(method="POST", origin="null"),
    "a form elsewhere in a browser that says nothing": Asked("POST", host=HOST, agent=BROWSER),
    "a form elsewhere in a browser that says its origin only": Asked("POST", host=HOST, origin="http://127.0.0.1:8000"),
    "a preflight": Asked("OPTIONS", host=HOST, origin="http://127.0.0.1:8000", site="same-site", mode="cors"),
    "a web socket elsewhere": Asked(host=HOST, origin="http://localhost:8000", mode="websocket"),
    "a link that is a call": view(query=A_CALL),
    "a link that is a call, disguised": view(query=b"QueueName=q&%41ction=CreateQueue"),
    "a redirect of a typed address to a call": view(site="none", query=A_CALL),
    "a call in a browser that says nothing": Asked(host=HOST, agent=BROWSER, query=A_CALL),
    "a sandboxed page of the stand-in": view(method="POST", origin="null"),
    "two origins": view(method="POST", site="same-origin", origin=f"{OWN}, https://evil.example"),
    "an origin and a site that contradict each other": view(method="POST", site="cross-site", origin=OWN),
}


@pytest.mark.parametrize("asked", ALLOWED.values(), ids=ALLOWED)
def test_programs_own_pages_and_people_are_let_in(asked: Asked) -> None:
    """Nothing that is not a foreign page notices anything."""
    assert refused(asked) is None


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_a_page_from_elsewhere_is_refused_with_the_reason_in_one_line(asked: Asked) -> None:
    """And with what to do instead."""
    said = refused(asked)
    assert said is not None
    assert OWN in said
    assert "page" in said
    assert "\n" not in said


@pytest.mark.parametrize("host", NAMES)
def test_it_answers_to_loopbacks_names_and_to_virtual_hosts_below_them(host: str) -> None:
    """Every name that an answer of the stand-in gives out is one of these."""
    assert refused(Asked(host=host)) is None


@pytest.mark.parametrize("host", STRANGE_NAMES)
def test_any_other_name_is_refused_to_programs_too(host: str) -> None:
    """A page whose own name was made to resolve to this machine is same-origin to a browser; only its name shows it."""
    assert OWN in (refused(Asked(host=host)) or "")
    assert refused(view(host=host, site="same-origin", origin=f"http://{host}")) is not None


def test_it_answers_to_what_it_was_told_to_listen_on() -> None:
    """A name or an address of the network; listening everywhere, the address where a request arrived and no other."""
    everywhere = {"listening": "0.0.0.0", "server": "192.0.2.7"}  # noqa: S104 - nothing listens here
    assert refused(Asked(host="box.lan:4566"), listening="Box.lan") is None
    assert refused(Asked(host="192.0.2.7:4566"), listening="192.0.2.7") is None
    assert refused(Asked(host="192.0.2.7:4566"), **everywhere) is None
    assert refused(Asked(host="192.0.2.8:4566"), **everywhere) is not None
    assert refused(Asked(host="box.lan:4566"), **everywhere) is not None


anything = {
    "method": st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    "query": st.sampled_from([b"", b"key=value", A_CALL, b"Action=A", b"%41ction=A"]) | st.binary(max_size=20),
    "mode": st.sampled_from(["", "navigate", "cors", "no-cors", "same-origin", "websocket"]),
    "destination": st.sampled_from(["", "document", "iframe", "frame", "embed", "image", "script", "empty", "object"]),
    "agent": st.sampled_from(["", BROWSER, "curl/8"]),
}
SITES = st.sampled_from(["", "none", "same-origin", "same-site", "cross-site"])


@given(st.builds(Asked, host=st.sampled_from(NAMES), origin=st.text(min_size=1), site=SITES, **anything))
def test_no_foreign_origin_is_let_in_whatever_else_a_request_says(asked: Asked) -> None:
    """But `null`, where the browser vouches for the origin itself."""
    own = f"http://{asked.host}"
    foreign = asked.origin != own and not (asked.origin == "null" and asked.site == "same-origin")
    assert not foreign or refused(asked) is not None


@given(st.builds(Asked, host=st.just(HOST), site=st.sampled_from(["same-site", "cross-site"]), **anything))
def test_of_another_site_nothing_but_the_look_at_a_page_is_let_in(asked: Asked) -> None:
    """In a tab of its own, and never by an address that is a call."""
    if refused(asked) is None:
        assert (asked.method in ("GET", "HEAD"), asked.mode, asked.destination) == (True, "navigate", "document")
        assert asked.query not in (A_CALL, b"Action=A", b"%41ction=A")


@given(
    st.text() | st.builds("{}{}{}".format, st.text(max_size=3), st.sampled_from(NAMES), st.text(max_size=3)),
    st.sampled_from(["", "same-origin"]),
)
def test_every_name_that_is_let_in_is_loopbacks(host: str, site: str) -> None:
    """Whatever a Host holds, it is understood or refused, and never an error."""
    if refused(Asked(host=host, site=site)) is None:
        name = re.sub(r":[0-9]+$", "", host).lower()
        assert name.endswith("localhost") or name.startswith("127.") or name == "[::1]"


class Application:
    """Counts what gets through to it, and answers as freely as the engine does."""

    def __init__(self) -> None:
        self.reached = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer whatever comes."""
        self.reached += 1
        headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-max-age", b"9"), (b"X-Own", b"kept")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"secret"})


def exchange(kind: str, headers: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
    """How often the application was reached, and what was sent, for one request."""
    application, sent = Application(), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": "/", "query_string": b"", "headers": encoded, "server": ("127.0.0.1", 4566)}
    asyncio.run(WebPageGuard(application, "127.0.0.1", OWN)(scope, receive, send))
    return application.reached, sent


def test_what_is_refused_reaches_nothing() -> None:
    """403, one plain line that names who asked."""
    reached, (start, body) = exchange("http", {"host": HOST, "origin": "https://evil.example"})
    assert (reached, start["type"], start["status"]) == (0, "http.response.start", 403)
    assert b"https://evil.example" in body["body"]
    assert body["body"].count(b"\n") == 1


def test_a_web_socket_is_refused_before_it_is_one() -> None:
    """Browsers ask nobody before they open one to another site."""
    reached, (start, _) = exchange("websocket", {"host": HOST, "origin": "https://evil.example"})
    assert (reached, start["type"], start["status"]) == (0, "websocket.http.response.start", 403)


def test_no_answer_invites_another_origin() -> None:
    """What the engine says of sharing is left out, and no other site may frame or embed what is answered."""
    reached, (start, body) = exchange("http", {"host": HOST})
    names = {name.lower() for name, _ in start["headers"]}
    assert (reached, body["body"]) == (1, b"secret")
    assert b"x-own" in names
    assert not any(name.startswith(b"access-control") for name in names)
    assert {b"x-frame-options", b"cross-origin-resource-policy", b"x-content-type-options"} <= names


def ask(
    stand_in: StandIn, path: str, host: str = "", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One raw request to the running stand-in."""
    connection = http.client.HTTPConnection("127.0.0.1", stand_in.port, timeout=20)
    try:
        connection.request(method, path, headers={"Host": host or f"127.0.0.1:{stand_in.port}", **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_every_door_of_a_running_stand_in_is_guarded(stand_in: StandIn, machines: Machines) -> None:
    """Mailbox, services, buckets and functions by path and by name answer programs, share nothing, and refuse pages."""
    machines.s3.create_bucket(Bucket="doors")
    machines.s3.put_object(Bucket="doors", Key="page.html", Body=b"<p>here</p>", ContentType="text/html")
    functions = stand_in.client("lambda")
    name = machines.function("def handler(event, context): return {'statusCode': 200, 'body': 'here'}")
    url = functions.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    path = url.removeprefix(stand_in.url)
    function_id = path.strip("/").rpartition("/")[2]
    doors = [
        ("/_local/mail", ""),
        ("/_ministack/health", ""),
        ("/doors/page.html", ""),
        ("/page.html", "doors.localhost"),
        ("/page.html", "doors.s3.us-east-1.localhost"),
        (path, ""),
        ("/", f"{function_id}.lambda-url.us-east-1.localhost"),
        ("/?Action=ListQueues", ""),
    ]
    for door, host in doors:
        status, headers, body = ask(stand_in, door, host)
        assert status == 200, (door, host, body)
        assert not [name for name in headers if name.startswith("access-control")], (door, host)
        for said in ({"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Site": "cross-site"}):
            status, headers, body = ask(stand_in, door, host, **said)
            assert (status, headers["content-type"]) == (403, "text/plain; charset=utf-8"), (door, host)
            assert body.startswith(b"refused: ")
        assert ask(stand_in, door, "evil.example")[0] == 403
        assert ask(stand_in, door, host, "OPTIONS", Origin="http://127.0.0.1:8000")[0] == 403


def test_a_stored_page_is_shown_and_runs_nothing(stand_in: StandIn, machines: Machines) -> None:
    """It would act for the stand-in, whose address it has; whole, in parts, or called a page by who opens it."""
    machines.s3.create_bucket(Bucket="stored")
    machines.s3.put_object(Bucket="stored", Key="page.txt", Body=b"<script>fetch('/')</script>")
    given = {"Bucket": "stored", "Key": "page.txt", "ResponseContentType": "text/html"}
    signing = stand_in.client("s3", config=Config(signature_version="s3v4"))
    called = signing.generate_presigned_url("get_object", Params=given).removeprefix(stand_in.url)
    for path, said in (("/stored/page.txt", {}), ("/stored/page.txt", {"Range": "bytes=0-"}), (called, {})):
        status, headers, body = ask(stand_in, path, **said)
        assert (status, body) == (206 if said else 200, b"<script>fetch('/')</script>"), path
        assert headers["content-security-policy"] == "sandbox"
    assert headers["content-type"] == "text/html"
