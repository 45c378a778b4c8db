"""The page behind the link, against a real table; Step Functions answers what a test says it answers."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.stub import Stubber

from lambdas.decide import handler as function
from lambdas.decide.link import Answer, Link
from tests.lambdas.ask_approval.test_ask_approval import RELEASE, request_of
from tests.lambdas.conftest import Bucket, Context
from workflow.contract.approval import StoredApproval

OPAQUE, NONCE, TOKEN = "k" * 32, "n" * 32, "the-secret-task-token"
KEY = {"id": f"approval#{OPAQUE}"}
REPORT = "s3://greenlight-test/runs/one/evaluation/report/index.html"


@pytest.fixture
def pending(table: Any) -> Any:
    """A table with one pending request."""
    now = int(time.time())
    approval = StoredApproval(
        id=KEY["id"],
        status="pending",
        nonce=NONCE,
        delivered=False,
        package_arn=RELEASE["package_arn"],
        subject="the subject",
        request=request_of(RELEASE, now),
        created_epoch=now,
        expires_epoch=now + 600,
    )
    table.put_item(Item=approval.item(TOKEN))
    return table


def stored(table: Any) -> dict[str, Any]:
    """The request as it stands in the table."""
    item: dict[str, Any] = table.get_item(Key=KEY)["Item"]
    return item


def ask(method: str = "GET", path: str = f"/a/{OPAQUE}", body: str = "", accept: str = "text/html") -> dict[str, Any]:
    """One request to the function URL."""
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "requestContext": {"http": {"method": method, "path": path}},
        "headers": {"accept": accept},
        "isBase64Encoded": False,
    }
    if body:
        event["body"] = body
    answer: dict[str, Any] = function.handler(event, Context())
    return answer


def post(decision: str = "approve", name: str = "Ana", accept: str = "text/html", **fields: str) -> dict[str, Any]:
    """One posted form."""
    return ask("POST", body=form_of(decision, name, **fields), accept=accept)


def form_of(decision: str, name: str, **fields: str) -> str:
    """The body of a form."""
    return urlencode({"decision": decision, "name": name, "comment": "looks right", "nonce": NONCE, **fields})


class Kept:
    """Equal to whatever it is compared with, and keeps it."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def __eq__(self, other: object) -> bool:
        self.values.append(other)
        return True

    __hash__ = None  # type: ignore[assignment]


class Waiting:
    """An execution that waits: takes one answer, then has nobody waiting."""

    def __init__(self, stub: Stubber) -> None:
        self.stub = stub

    def takes(self, times: int = 1) -> None:
        """The next answers are taken."""
        for _ in range(times):
            self.stub.add_response("send_task_success", {})

    def fails(self, code: str) -> None:
        """The next answer fails."""
        self.stub.add_client_error("send_task_success", code)


@pytest.fixture
def execution() -> Any:
    """The waiting execution. A call that no test announced is an error."""
    with Stubber(function.stepfunctions) as stub:
        yield Waiting(stub)
        stub.assert_no_pending_responses()


def test_an_approval_is_recorded_and_delivered(pending: Any) -> None:
    """The execution is told who, why and when."""
    output = Kept()
    with Stubber(function.stepfunctions) as stub:
        stub.add_response("send_task_success", {}, {"taskToken": TOKEN, "output": output})
        answer = post()
    assert answer["statusCode"] == 200
    assert "Approved by Ana" in answer["body"]
    item = stored(pending)
    assert (item["status"], item["decision"], item["decided_by"], item["delivered"]) == (
        "approved",
        "approved",
        "Ana",
        True,
    )
    told = json.loads(output.values[0])
    assert told.pop("at").endswith("Z")
    assert told == {"decision": "approved", "by": "Ana", "comment": "looks right"}


def test_a_rejection_is_recorded_and_delivered(pending: Any, execution: Waiting) -> None:
    """A no is a decision like any other."""
    execution.takes()
    assert post("reject")["statusCode"] == 200
    assert stored(pending)["status"] == "rejected"


def test_reading_never_decides(pending: Any, execution: Waiting) -> None:
    """Mail scanners open every link, many times, with every query they like."""
    for _ in range(10):
        assert ask("GET")["statusCode"] == 200
        assert ask("HEAD")["statusCode"] == 200
    assert ask("HEAD")["body"] == ""
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_decide_nothing(pending: Any, execution: Waiting, method: str) -> None:
    """They are told what is allowed."""
    answer = ask(method, body=urlencode({"decision": "approve", "name": "A", "nonce": NONCE}))
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET, HEAD, POST"
    assert stored(pending)["status"] == "pending"


def test_unknown_tampered_and_malformed_ids_get_the_same_bytes(pending: Any) -> None:
    """Nothing tells a guess from a near miss, whatever the method."""
    paths = [f"/a/{'z' * 32}", f"/a/{OPAQUE[:-1]}x", "/a/short", "/", "/favicon.ico", f"/a/{'z' * 32}/report"]
    answers = [ask(method, path) for path in paths for method in ("GET", "POST", "DELETE")]
    assert {answer["statusCode"] for answer in answers} == {404}
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    "fields",
    [{"decision": "maybe"}, {"nonce": ""}, {"nonce": "x" * 32}, {"name": ""}],
    ids=["action", "no nonce", "nonce", "name"],
)
def test_a_form_that_is_not_whole_decides_nothing(pending: Any, execution: Waiting, fields: dict[str, str]) -> None:
    """400, still pending, and the form is there again."""
    answer = post(**fields)
    assert answer["statusCode"] == 400
    assert "<form" in answer["body"]
    assert stored(pending)["status"] == "pending"


def test_a_replayed_form_has_one_effect(pending: Any, execution: Waiting) -> None:
    """A double click sees the first click's decision; the execution is told once."""
    execution.takes()
    first = post()
    second = post()
    assert first["statusCode"] == second["statusCode"] == 200
    assert first["body"] == second["body"]


def test_the_second_of_two_people_sees_who_was_first(pending: Any, execution: Waiting) -> None:
    """The decision stands, and the answer says so to programs too."""
    execution.takes()
    post("approve", "Ana")
    answer = post("reject", "Ben")
    assert answer["statusCode"] == 409
    assert "Approved by Ana" in answer["body"]
    assert stored(pending)["decision"] == "approved"


def test_approve_and_reject_at_one_moment_have_one_winner(pending: Any, execution: Waiting) -> None:
    """Both forms found the request open; the table takes one, and the other sees who and when."""
    execution.takes()
    link, as_both_found_it = Link("POST", OPAQUE, report=False, wants_json=False), stored(pending)
    answers = [
        function.take_decision(link, {"body": form_of(decision, name)}, as_both_found_it)
        for decision, name in (("reject", "Ben"), ("approve", "Ana"))
    ]
    assert [answer["statusCode"] for answer in answers] == [200, 409]
    assert all("Rejected by Ben" in answer["body"] for answer in answers)
    assert stored(pending)["decision"] == "rejected"


def test_an_expired_request_is_refused_before_it_is_swept(pending: Any, execution: Waiting) -> None:
    """The table deletes expired items late; the condition does not wait for that."""
    pending.update_item(
        Key=KEY, UpdateExpression="SET expires_epoch = :then", ExpressionAttributeValues={":then": int(time.time()) - 1}
    )
    answer = post()
    assert answer["statusCode"] == 410
    assert "Expired" in answer["body"]
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_execution_that_no_longer_waits_is_said_so(pending: Any, execution: Waiting, code: str) -> None:
    """Stopped, then approved: nothing goes on, and the page does not pretend."""
    execution.fails(code)
    answer = post()
    assert answer["statusCode"] == 410
    assert "no longer waiting" in answer["body"]
    assert stored(pending)["status"] == "closed"
    assert post()["statusCode"] == 410


def test_a_decision_that_could_not_be_delivered_is_delivered_by_the_next_form(pending: Any, execution: Waiting) -> None:
    """The recorded decision, not the one on the second form."""
    execution.fails("ThrottlingException")
    answer = post("approve", "Ana")
    assert answer["statusCode"] == 503
    assert "could not be told" in answer["body"]
    assert (stored(pending)["status"], stored(pending)["delivered"]) == ("approved", False)
    assert ask()["statusCode"] == 200
    assert stored(pending)["delivered"] is False
    execution.takes()
    second = post("reject", "Ben")
    assert second["statusCode"] == 409
    assert (stored(pending)["decision"], stored(pending)["delivered"]) == ("approved", True)
    post("reject", "Ben")


def test_a_delivery_beats_the_finding_that_nobody_waits(pending: Any) -> None:
    """Two forms deliver one decision: whichever writes last, it counts as delivered."""
    item = function.record_decision(OPAQUE, Answer("approved", "Ana", ""), int(time.time()))
    approval = StoredApproval.parse(item)
    with Stubber(function.stepfunctions) as stub:
        stub.add_client_error("send_task_success", "TaskTimedOut")
        stub.add_response("send_task_success", {})
        assert function.deliver(OPAQUE, item, approval)["status"] == "closed"
        assert function.deliver(OPAQUE, item, approval)["status"] == "approved"
    assert function.close(OPAQUE)["status"] == "approved"


def test_a_program_reads_json(pending: Any, execution: Waiting) -> None:
    """The command line answers with the nonce it was given."""
    opened = json.loads(ask(accept="application/json")["body"])
    assert (opened["status"], opened["nonce"], opened["decision"]) == ("pending", NONCE, None)
    execution.takes()
    decided = json.loads(post(accept="application/json")["body"])
    assert (decided["status"], decided["decision"], decided["by"]) == ("approved", "approved", "Ana")
    assert decided["nonce"] is None
    assert json.loads(post(accept="application/json", decision="x")["body"])["error"]


def test_every_answer_forbids_scripts_frames_and_caches(pending: Any) -> None:
    """The headers that keep a page harmless."""
    for answer in (ask(), ask(path="/nothing"), ask(accept="application/json"), post(nonce="wrong")):
        headers = answer["headers"]
        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
            "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_decision_is_kept_longer_than_its_request(pending: Any, execution: Waiting) -> None:
    """Who approved stays readable after the request would have been swept."""
    before = int(stored(pending)["expires_epoch"])
    execution.takes()
    post()
    assert stored(pending)["expires_epoch"] > before + 300 * 24 * 3600


def test_the_report_is_shown_under_a_policy_of_its_own(pending: Any, bucket: Bucket) -> None:
    """Pictures and styles, no script."""
    bucket.put("runs/one/evaluation/report/index.html", "<html>ü</html>")
    answer = ask(path=f"/a/{OPAQUE}/report")
    assert (answer["statusCode"], answer["body"]) == (200, "<html>ü</html>")
    policy = answer["headers"]["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert ask("POST", path=f"/a/{OPAQUE}/report")["statusCode"] == 405


def test_a_report_that_is_gone_or_too_large_is_said_so_with_its_address(pending: Any, bucket: Bucket) -> None:
    """Lambda can return six megabytes."""
    gone = ask(path=f"/a/{OPAQUE}/report")
    assert gone["statusCode"] == 404
    bucket.put("runs/one/evaluation/report/index.html", "x" * 6_000_000)
    large = ask(path=f"/a/{OPAQUE}/report")
    for answer in (gone, large):
        assert REPORT in answer["body"]


def test_neither_token_nor_id_nor_nonce_is_logged(
    pending: Any, execution: Waiting, log_of: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also not when the delivery fails."""
    log = log_of(function)
    execution.fails("InternalError")
    bodies = [post()["body"], ask()["body"]]
    execution.takes()
    bodies += [post()["body"], post(nonce="wrong")["body"]]
    assert log.text
    for secret in (TOKEN, OPAQUE, NONCE):
        assert secret not in log.text
        assert secret not in capsys.readouterr().out
    assert all(TOKEN not in body for body in bodies)
