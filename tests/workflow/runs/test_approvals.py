"""Requests are listed, chosen and answered at the signed address; no link and no secret comes out of the table."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.contract.test_approval import REQUEST
from workflow.clients import AwsCloud
from workflow.contract.approval import PublicApproval, item_id
from workflow.contract.document import render
from workflow.errors import GreenlightError, UsageError
from workflow.runs.approvals import Approvals, decide, read_listed, read_page, standing

LATER = str(int(time.time()) + 3600)
URL = "https://decide.example/"


def item(mark: str, *, run: str = "run-1", expires: str = LATER, version: int = 4, **more: str) -> dict[str, Any]:
    """A request as the table holds it."""
    return {
        "id": {"S": f"approval#{mark}"},
        "status": {"S": "pending"},
        "run": {"S": run},
        "execution": {"S": f"arn:{run}"},
        "purpose": {"S": "release"},
        "package_version": {"N": str(version)},
        "summary": {"S": "passed"},
        "token": {"S": "the-token"},
        "secret": {"S": "the-secret"},
        "expires_epoch": {"N": expires},
        **{name: {"S": value} for name, value in more.items()},
    }


def approvals(*items: dict[str, Any]) -> Approvals:
    """The requests of a table that holds these items."""
    return Approvals(ScriptedCloud({"scan": {"Items": list(items)}}), "greenlight")


def told(**changes: Any) -> dict[str, Any]:
    """What a program is told about a pending request, but for these fields."""
    waiting = PublicApproval(
        status="pending",
        subject="fasteners v4 waits",
        summary=REQUEST.verdict,
        nonce=None,
        expires=REQUEST.expires_epoch,
        decision=None,
        by=None,
        comment=None,
        door=None,
        at=None,
        delivered=False,
        request=REQUEST,
    )
    return render(replace(waiting, **changes))


class Page(BaseHTTPRequestHandler):
    """Behaves like the approval page for one request at /a/ and ``RIGHT``; asks to sign in where it has no state."""

    state: dict[str, Any]

    def reply(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        assert self.headers["Accept"] == "application/json"
        known = 200 if self.state else 401
        self.reply(known if self.path == f"/a/{RIGHT}" else 404, self.state)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


RIGHT = "r" * 32


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a page with one pending request."""
    Page.state = told()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/a/{RIGHT}"
    server.shutdown()
    server.server_close()


def test_pending_requests_are_listed_soonest_first_without_what_decides() -> None:
    """An expired one that was not swept yet does not wait any more; no token, secret or link ever leaves the table."""
    sooner = str(int(LATER) - 60)
    found = approvals(item("b", run="run-2"), item("a", expires=sooner), item("old", expires="1000")).pending()
    assert [one.key for one in found] == ["approval#a", "approval#b"]
    shown = json.dumps([one.document() for one in found])
    for secret in ("the-token", "the-secret", "approval#", "http"):
        assert secret not in shown
    assert found[0].document()["answer"] == "open the mailed link, or: greenlight approve run-1"


def test_neither_token_nor_secret_is_even_asked_for() -> None:
    """A list needs some attributes of an item, and no secret."""
    cloud = ScriptedCloud({"scan": {"Items": []}})
    Approvals(cloud, "greenlight").pending()
    ((_, asked),) = cloud.asked
    names = [asked["ExpressionAttributeNames"][name] for name in asked["ProjectionExpression"].split(", ")]
    assert "id" in names
    assert not {"token", "secret", "document"} & set(names)


def test_a_decision_that_the_run_was_not_told_of_is_listed_as_such() -> None:
    """It waits for nobody, and cannot be chosen."""
    given = item("a", status="approved", decision="approved", decided_by="Ada")
    listed = approvals(given)
    assert [one.state() for one in listed.all()] == ["approved by Ada; the run is not told yet"]
    assert listed.pending() == []
    with pytest.raises(UsageError, match="no approval waits"):
        listed.choose("run-1")


def test_of_a_table_what_waits_is_listed_and_what_a_run_was_not_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody need look at what is over; and a decision that got lost on its way is hidden from nobody."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    untold, told_of = ({"delivered": {"BOOL": delivered}} for delivered in (False, True))
    stored = (
        item("waits") | untold,
        item("approved", status="approved") | untold,
        item("rejected", status="rejected") | untold,
        item("told", status="approved") | told_of,
        item("closed", status="closed") | untold,
        item("other") | {"id": {"S": "decision#4"}},
    )
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="greenlight",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for one in stored:
            boto3.client("dynamodb").put_item(TableName="greenlight", Item=one)
        found = Approvals(AwsCloud(), "greenlight").all()
    assert {one.key for one in found} == {"approval#waits", "approval#approved", "approval#rejected"}


def test_a_request_that_several_have_to_approve_is_listed_with_who_did() -> None:
    """It goes on waiting, and is chosen like any other."""
    listed = approvals(item("a", tally="1 of 2 approved, by Ada (link)"))
    assert listed.choose("run-1").state().startswith("1 of 2 approved, by Ada (link); waits until ")
    assert approvals(item("a", status="approved", decided_by="Ada, Ben", tally="1 of 2")).all()[0].state()[:20] == (
        "approved by Ada, Ben"
    )


def test_the_only_request_needs_no_name() -> None:
    """With two, one must be named; with none, that is said."""
    assert approvals(item("a")).choose("").run == "run-1"
    assert approvals(item("a"), item("b", run="run-2")).choose("run-2").key == "approval#b"
    with pytest.raises(UsageError, match="several approvals wait; name the run, or the version:\n  run-1  version 4"):
        approvals(item("a"), item("b", run="run-2")).choose("")
    with pytest.raises(UsageError, match="no approval of 'run-9' waits"):
        approvals(item("a")).choose("run-9")
    with pytest.raises(UsageError, match="no approval waits"):
        approvals().choose("")


def test_a_request_is_chosen_by_its_version_or_its_link() -> None:
    """The link's id is known by its digest alone."""
    mine = item_id(RIGHT).removeprefix("approval#")
    both = approvals(item("a", version=3), item(mine, run="run-2", version=4))
    assert both.choose("4").run == "run-2"
    assert both.choose(f"https://abc.lambda-url.on.aws/a/{RIGHT}").run == "run-2"
    with pytest.raises(UsageError, match="no approval of this link waits") as caught:
        both.choose(f"https://abc.lambda-url.on.aws/a/{'x' * 32}")
    assert "x" * 32 not in str(caught.value)


def test_a_run_name_that_two_requests_carry_decides_neither() -> None:
    """Both are named, with what tells them apart."""
    twice = approvals(item("a", version=3), item("b", version=4, purpose="production"))
    with pytest.raises(UsageError) as caught:
        twice.choose("run-1")
    assert "2 approvals carry 'run-1'" in str(caught.value)
    for line in ("run-1  version 3  release", "run-1  version 4  production"):
        assert line in str(caught.value)
    assert twice.choose("3").key == "approval#a"


def test_a_decision_is_posted_signed_and_names_the_request_by_its_key() -> None:
    """Who decides is not said: the signature says it."""
    cloud = ScriptedCloud(
        {"post_signed": {"status": 200, "told": told(status="approved", decision="approved", by="arn")}}
    )
    assert decide(cloud, URL, read_listed(item("a")), "approve", "fine")["by"] == "arn"
    ((_, asked),) = cloud.asked
    assert asked == {"url": URL, "body": {"request": "approval#a", "decision": "approve", "comment": "fine"}}


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (409, told(status="rejected", decision="rejected", by="Ada"), "it is rejected by Ada"),
        (409, {"error": "the decision that stands carries no valid mark."}, "no valid mark"),
        (410, told(status="closed"), "does not wait any more: the run ended"),
        (410, told(status="expired"), "does not wait any more: expired"),
        (403, {"Message": "Forbidden"}, "lambda:InvokeFunctionUrl"),
        (403, {"error": "arn is not among the approvers of this stack."}, "arn is not among the approvers"),
        (404, {"error": "There is no such request."}, "no such request"),
        (502, {}, "answer 502"),
    ],
)
def test_what_was_not_decided_is_an_error_that_says_why(status: int, answer: dict[str, Any], said: str) -> None:
    """It never reads as if the caller had decided."""
    cloud = ScriptedCloud({"post_signed": {"status": status, "told": answer}})
    with pytest.raises((GreenlightError, UsageError), match=said):
        decide(cloud, URL, read_listed(item("a")), "approve", "")


def test_where_nobody_waited_it_is_not_said_that_somebody_approved() -> None:
    """Whatever the page remembers."""
    assert "approved" not in standing(told(status="closed", decision="approved", by="Ada"))
    assert standing(told(status="approved", decision="approved", by="Ada")) == "approved by Ada"


def test_a_link_to_nothing_is_told_as_such(page: str) -> None:
    """A mistyped link, a page that does not answer, and what is no link at all."""
    assert read_page(page)["status"] == "pending"
    with pytest.raises(UsageError, match="no approval request behind this link"):
        read_page(page.replace("r" * 32, "w" * 32))
    with pytest.raises(GreenlightError, match="cannot be reached"):
        read_page("http://127.0.0.1:1/a/right")
    with pytest.raises(UsageError, match="is not a link"):
        read_page("file:///etc/passwd")
