"""Pending requests are listed, and answered through the page as a browser would."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.contract.test_approval import REQUEST
from workflow.contract.approval import PublicApproval
from workflow.contract.document import render
from workflow.errors import GreenlightError, UsageError
from workflow.runs.approvals import Approvals, decide, read_page

LATER = str(int(time.time()) + 3600)


def item(mark: str, *, run: str = "run-1", expires: str = LATER) -> dict[str, dict[str, str]]:
    """A request as the table holds it."""
    return {
        "id": {"S": f"approval#{mark}"},
        "run": {"S": run},
        "execution": {"S": f"arn:{run}"},
        "purpose": {"S": "release"},
        "summary": {"S": "passed"},
        "token": {"S": "secret"},
        "expires_epoch": {"N": expires},
    }


def approvals(*items: dict[str, dict[str, str]]) -> Approvals:
    """The requests of a table that holds these items."""
    return Approvals(ScriptedCloud({"scan": {"Items": list(items)}}), "greenlight", "https://page.example")


def told(**changes: Any) -> dict[str, Any]:
    """What the page answers a program about a pending request, but for these fields."""
    waiting = PublicApproval(
        status="pending",
        subject="fasteners v4 waits",
        summary=REQUEST.verdict,
        nonce="n-1",
        expires=REQUEST.expires_epoch,
        decision=None,
        by=None,
        comment=None,
        at=None,
        delivered=False,
        request=REQUEST,
    )
    return render(replace(waiting, **changes))


class Page(BaseHTTPRequestHandler):
    """Behaves like the approval page for one request."""

    state: dict[str, Any]
    posted: list[dict[str, str]]

    def reply(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        assert self.headers["Accept"] == "application/json"
        self.reply(200 if self.path == "/a/right" else 404, self.state)

    def do_POST(self) -> None:
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.posted.append(form)
        if form["nonce"] != "n-1":
            self.reply(400, told(error="This form does not belong to this request."))
        elif form["name"] == "Late":
            self.reply(409, told(status="rejected", decision="rejected", by="Ada"))
        else:
            self.reply(200, told(status="approved", decision="approved", by=form["name"]))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a page with one pending request at /a/right."""
    Page.state, Page.posted = told(), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/a/right"
    server.shutdown()
    server.server_close()


def test_pending_requests_are_listed_soonest_first_without_their_token() -> None:
    """An expired one that was not swept yet does not wait any more; no token ever leaves the table."""
    sooner = str(int(LATER) - 60)
    found = approvals(item("b", run="run-2"), item("a", expires=sooner), item("old", expires="1000")).pending()
    assert [one.link for one in found] == ["https://page.example/a/a", "https://page.example/a/b"]
    assert "secret" not in json.dumps([one.document() for one in found])


def test_the_token_is_not_even_asked_for() -> None:
    """A list needs six attributes of an item, and no secret."""
    cloud = ScriptedCloud({"scan": {"Items": []}})
    Approvals(cloud, "greenlight", "https://page.example").pending()
    ((_, asked),) = cloud.asked
    names = [asked["ExpressionAttributeNames"][name] for name in asked["ProjectionExpression"].split(", ")]
    assert names == ["id", "purpose", "run", "execution", "summary", "expires_epoch"]


def test_the_only_request_needs_no_name() -> None:
    """With two, the run must be named; with none, that is said."""
    assert approvals(item("a")).choose("").run == "run-1"
    assert approvals(item("a"), item("b", run="run-2")).choose("run-2").link.endswith("/b")
    with pytest.raises(UsageError, match="several approvals wait; name the run:\n  run-1"):
        approvals(item("a"), item("b", run="run-2")).choose("")
    with pytest.raises(UsageError, match="no approval of 'run-9' waits"):
        approvals(item("a")).choose("run-9")
    with pytest.raises(UsageError, match="no approval waits"):
        approvals().choose("")


def test_a_decision_is_posted_with_the_page_s_own_nonce(page: str) -> None:
    """The form a browser would send, read from the page just before."""
    assert decide(page, "approve", name="Ada", comment="fine")["decision"] == "approved"
    assert Page.posted == [{"decision": "approve", "name": "Ada", "comment": "fine", "nonce": "n-1"}]


def test_a_request_that_was_decided_takes_no_second_answer(page: str) -> None:
    """Who decided before is told; nothing is posted."""
    Page.state = told(status="approved", decision="approved", by="Ada", nonce=None)
    with pytest.raises(GreenlightError, match="does not wait any more: approved by Ada"):
        decide(page, "reject", name="Bob", comment="")
    assert Page.posted == []


def test_losing_against_another_answer_is_an_error(page: str) -> None:
    """Two answers at one moment: the loser learns who won."""
    with pytest.raises(GreenlightError, match=r"refused \(409\): the request is rejected by Ada"):
        decide(page, "approve", name="Late", comment="")


def test_a_link_to_nothing_is_told_as_such(page: str) -> None:
    """A mistyped link, a page that does not answer, and what is no link at all."""
    with pytest.raises(UsageError, match="no approval request behind this link"):
        read_page(page.replace("right", "wrong"))
    with pytest.raises(GreenlightError, match="cannot be reached"):
        read_page("http://127.0.0.1:1/a/right")
    with pytest.raises(UsageError, match="is not a link"):
        read_page("file:///etc/passwd")
