"""The page behind the link, against a real table and a real key; Step Functions answers what a test says it answers."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.stub import Stubber

from lambdas.decide import attend, deciding, services, standing
from lambdas.decide import handler as function
from lambdas.decide.answer import Answer, UnusableError, draw_up
from lambdas.decide.form import first_nonce
from tests.lambdas.ask_approval.test_ask_approval import PACKAGE, PRODUCTION, RELEASE, request_of
from tests.lambdas.conftest import ENVIRONMENT, Bucket, Context
from tests.lambdas.decide.conftest import KEY, OPAQUE, SECRET, TOKEN, Waiting, mark, stored, stored_request
from tests.lambdas.decide.visitor import Visitor, read_forms
from tests.workflow.contract.test_glance import JPEG, glance
from workflow.contract.approval import StoredApproval, item_id
from workflow.contract.decision import SignedDecision
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import decision_key as key_of

REPORT = "s3://greenlight-test/runs/one/evaluation/report/index.html"


@pytest.fixture
def visitor() -> Visitor:
    """Somebody in front of the page."""
    return Visitor(OPAQUE)


def signed(table: Any, scope: str = "") -> SignedDecision:
    """The decision that stands about the version."""
    item = found_item(table.get_item(Key={"id": key_of(PACKAGE, scope)}))
    assert item is not None
    return SignedDecision.parse(item)


def decisions(table: Any) -> list[str]:
    """The keys of all decisions."""
    return [item["id"] for item in table.scan()["Items"] if item["id"].startswith("decision#")]


class Kept:
    """Equal to whatever it is compared with, and keeps it."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def __eq__(self, other: object) -> bool:
        self.values.append(other)
        return True

    __hash__ = None  # type: ignore[assignment]


def test_an_approval_is_recorded_and_delivered(pending: Any, visitor: Visitor) -> None:
    """The execution is told who, why and when."""
    output = Kept()
    with Stubber(services.stepfunctions) as stub:
        stub.add_response("send_task_success", {}, {"taskToken": TOKEN, "output": output})
        answer = visitor.decide()
    assert answer["statusCode"] == 200
    assert "Approved by Ana by the mailed link" in answer["body"]
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


def test_a_decision_is_signed_and_says_which_bytes_it_is_about(
    pending: Any, execution: Waiting, visitor: Visitor, decision_key: Any
) -> None:
    """The mark is good for this message, and for no other."""
    execution.takes()
    visitor.decide()
    kept = signed(pending)
    decision = kept.decision
    assert (decision.archive_digest, decision.evaluation_digest, decision.image) == (
        RELEASE["gate"]["archive_digest"],
        RELEASE["gate"]["evaluation_digest"],
        RELEASE["image"],
    )
    assert (decision.decision, decision.by, decision.door, decision.scope) == ("approved", "Ana", "link", "")
    marked = {"KeyId": ENVIRONMENT["DECISION_KEY"], "MacAlgorithm": "HMAC_SHA_256", "Mac": kept.mac}
    assert decision_key.verify_mac(Message=decision.message(), **marked)["MacValid"]
    with pytest.raises(decision_key.exceptions.KMSInvalidMacException):
        decision_key.verify_mac(Message=decision.message() + b"x", **marked)


def test_the_second_question_is_decided_for_its_release_alone(
    table: Any, decision_key: Any, execution: Waiting, visitor: Visitor
) -> None:
    """Another release of the same version asks again."""
    table.put_item(Item=stored_request(PRODUCTION).item(TOKEN))
    execution.takes()
    visitor.decide("reject")
    assert decisions(table) == [key_of(PACKAGE, PRODUCTION["execution"])]
    assert signed(table, PRODUCTION["execution"]).decision.scope == PRODUCTION["execution"]


def test_a_rejection_is_recorded_and_delivered(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """A no is a decision like any other."""
    execution.takes()
    assert visitor.decide("reject")["statusCode"] == 200
    assert stored(pending)["status"] == "rejected"
    assert not signed(pending).decision.approved


def test_a_request_that_does_not_name_its_bytes_is_decided_by_nobody(
    table: Any, decision_key: Any, execution: Waiting, visitor: Visitor
) -> None:
    """A signature on nothing would be worth nothing; the page says what to do."""
    event = {**PRODUCTION, "release": {**PRODUCTION["release"], "evaluation_digest": ""}}
    table.put_item(Item=stored_request(event).item(TOKEN))
    answer = visitor.decide()
    assert answer["statusCode"] == 409
    assert "Stop the run and redrive it" in answer["body"]
    assert stored(table)["status"] == "pending"
    assert decisions(table) == []


def test_what_was_decided_before_stands_whoever_comes_with_another_request(
    pending: Any, execution: Waiting, visitor: Visitor
) -> None:
    """A redriven run asks anew about a version; its request is answered with what stands, by whom and by which door."""
    execution.takes(2)
    visitor.decide("approve", "Ana")
    pending.put_item(Item=stored_request(opaque_id="m" * 32).item("another-token"))
    second = Visitor("m" * 32)
    answer = second.decide("reject", "Ben")
    assert answer["statusCode"] == 409
    assert "Approved by Ana by the mailed link" in answer["body"]
    assert "Your decision, reject, did not count. It was already approved by Ana" in answer["body"]
    assert stored(pending, "m" * 32)["delivered"] is True
    assert decisions(pending) == [key_of(PACKAGE)]


@pytest.mark.parametrize("damage", ["mac", "document"])
def test_a_decision_without_a_valid_mark_is_delivered_to_nobody(
    pending: Any, execution: Waiting, visitor: Visitor, damage: str
) -> None:
    """Whoever may write into the table cannot make up what stands."""
    decision = draw_up(StoredApproval.parse(stored(pending)), Answer("approved", "Eve", ""), 1)
    item = SignedDecision(decision, standing.sign(decision)).item()
    item[damage] = {"mac": "00" * 32, "document": item["document"].replace("Eve", "Ana")}[damage]
    pending.put_item(Item=item)
    answer = visitor.decide("reject", "Ben")
    assert answer["statusCode"] == 409
    assert "no valid mark" in answer["body"]
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("changed", ["archive_digest", "evaluation_digest", "smoke_digest"])
def test_a_decision_about_other_bytes_is_delivered_to_nobody(
    pending: Any, execution: Waiting, visitor: Visitor, changed: str
) -> None:
    """Of the same version, should such a thing ever be."""
    execution.takes()
    visitor.decide()
    event = {**RELEASE, "gate": {**RELEASE["gate"], changed: "f" * 64}}
    pending.put_item(Item=stored_request(event, "m" * 32).item("another-token"))
    answer = Visitor("m" * 32).decide()
    assert answer["statusCode"] == 409
    assert "other bytes" in answer["body"]
    assert stored(pending, "m" * 32)["status"] == "pending"


def forged(pending: Any, how: str) -> str:
    """Write what somebody could who may write into the table; gives the id of the link that leads to it."""
    item = stored(pending)
    if how == "a link of one's own":
        pending.put_item(Item={**item, "id": item_id("e" * 32), "secret": SECRET})
        return "e" * 32
    changes = {
        "another version": {"package_arn": PACKAGE.replace("/4", "/3")},
        "other bytes": {"document": item["document"].replace("b" * 64, "f" * 64)},
        "better figures": {"document": item["document"].replace("0.81", "0.99")},
        "another subject": {"subject": "v4 is the best so far"},
        "no mark": {"mac": ""},
        "half a mark": {"mac": item["mac"][:32]},
        "no hex": {"mac": "x" * 64},
        "the mark of another key": {"mac": mark(StoredApproval.parse(item), ENVIRONMENT["DECISION_KEY"]).mac},
    }
    assert {**item, **changes[how]} != item
    pending.put_item(Item={**item, **changes[how]})
    return OPAQUE


@pytest.mark.parametrize(
    "how",
    [
        "a link of one's own",
        "another version",
        "other bytes",
        "better figures",
        "another subject",
        "no mark",
        "half a mark",
        "no hex",
        "the mark of another key",
    ],
)
def test_a_request_that_somebody_wrote_into_the_table_is_neither_shown_nor_decided(
    pending: Any, execution: Waiting, how: str
) -> None:
    """Only the function that asks makes requests, so that the table alone is no way to a signed decision."""
    visitor = Visitor(forged(pending, how))
    answer = visitor.send()
    assert answer["statusCode"] == 409
    assert "carries no mark of the function that asks" in answer["body"]
    assert "<form" not in answer["body"]
    approval = StoredApproval.parse(stored(pending, visitor.path.removeprefix("/a/")))
    with pytest.raises(UnusableError, match="carries no mark"):
        deciding.take(approval, Answer("approved", "Eve", ""), int(time.time()))
    assert decisions(pending) == []


def test_a_request_that_somebody_made_wait_longer_does_not(pending: Any, execution: Waiting) -> None:
    """The marked request says until when."""
    old = mark(stored_request(request=request_of(RELEASE, int(time.time()) - 7201)))
    pending.put_item(Item=old.item(TOKEN))
    assert "Expired" in Visitor(OPAQUE).send()["body"]


def test_reading_never_decides(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """Mail scanners open every link, many times, with every query they like."""
    for _ in range(10):
        assert visitor.send("GET")["statusCode"] == 200
        assert visitor.send("HEAD")["statusCode"] == 200
    assert visitor.send("HEAD")["body"] == ""
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_decide_nothing(pending: Any, execution: Waiting, visitor: Visitor, method: str) -> None:
    """They are told what is allowed."""
    answer = visitor.send(method, urlencode({"decision": "approve", "name": "A", "nonce": SECRET}))
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET, HEAD, POST"
    assert stored(pending)["status"] == "pending"


def test_unknown_tampered_and_malformed_ids_get_the_same_bytes(pending: Any, visitor: Visitor) -> None:
    """Nothing tells a guess from a near miss, whatever the method; nor does the key of the table open anything."""
    paths = [f"/a/{'z' * 32}", f"/a/{OPAQUE[:-1]}x", "/a/short", "/", "/favicon.ico", f"/a/{'z' * 32}/report"]
    paths += [f"/a/{item_id(OPAQUE).removeprefix('approval#')}"]
    answers = [visitor.send(method, path=path) for path in paths for method in ("GET", "POST", "DELETE")]
    assert {answer["statusCode"] for answer in answers} == {404}
    assert all(answer == answers[0] for answer in answers)


def test_the_first_form_decides_nothing_and_the_second_does(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """Between them the page says what was chosen, about which version, with its figures."""
    again = visitor.choose()
    assert again["statusCode"] == 200
    assert "Nothing is decided yet" in again["body"]
    for shown in ("Confirm: approve release of fasteners v4", "96 images, 271 boxes", "0.810", "looks right"):
        assert shown in again["body"]
    assert stored(pending)["status"] == "pending"
    execution.takes()
    assert visitor.confirm(again["body"])["statusCode"] == 200
    assert stored(pending)["status"] == "approved"


@pytest.mark.parametrize("typed", ["", "3", "04", "v4", "approve", "4 4"])
def test_another_version_than_the_request_s_decides_nothing(
    pending: Any, execution: Waiting, visitor: Visitor, typed: str
) -> None:
    """Said so, with the field there again."""
    answer = visitor.confirm(visitor.choose()["body"], typed)
    assert answer["statusCode"] == 400
    assert "Nothing was decided" in answer["body"]
    assert 'name="version"' in answer["body"]
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize("filling", ["x", "1", "4", "Ana"])
@pytest.mark.parametrize("button", [0, -1])
def test_a_program_that_fills_fields_and_presses_the_first_button_decides_nothing(
    pending: Any, execution: Waiting, visitor: Visitor, filling: str, button: int
) -> None:
    """On the page behind the link and on every page after it; whichever button of the first page it takes."""
    page = visitor.send()["body"]
    for look in range(4):
        form = read_forms(page)[0]
        page = visitor.press(form, button if look == 0 else 0, dict.fromkeys(form.blanks, filling))["body"]
        assert stored(pending)["status"] == "pending"


def test_the_version_on_the_first_form_is_no_second_look(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """Nobody skips the page that repeats what is chosen."""
    (form,) = read_forms(visitor.send()["body"])
    answer = visitor.press(form, -1, {"name": "Ana", "version": "4"})
    assert "Nothing is decided yet" in answer["body"]
    assert stored(pending)["status"] == "pending"


def test_the_second_form_of_one_choice_is_none_of_the_other(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """What was shown is what is decided."""
    form = read_forms(visitor.choose("reject")["body"])[-1]
    answer = visitor.press(form, 0, {"version": "4", "decision": "approve"})
    assert answer["statusCode"] == 400
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize(
    "fields",
    [{"decision": "maybe"}, {"nonce": ""}, {"nonce": "x" * 32}, {"nonce": SECRET}, {"name": ""}],
    ids=["action", "no nonce", "nonce", "the secret itself", "name"],
)
@pytest.mark.parametrize("look", ["first", "second"])
def test_a_form_that_is_not_whole_decides_nothing(
    pending: Any, execution: Waiting, visitor: Visitor, fields: dict[str, str], look: str
) -> None:
    """400, still pending, and the form is there again."""
    page = visitor.send()["body"] if look == "first" else visitor.choose()["body"]
    form = read_forms(page)[-1]
    form.buttons = [("", "")]
    answer = visitor.press(form, 0, {"decision": "approve", "name": "Ana", "version": "4", **fields})
    assert answer["statusCode"] == 400
    assert 'name="decision"' in answer["body"]
    assert stored(pending)["status"] == "pending"


def test_a_form_of_one_browser_is_none_of_another(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """Whoever saw the page elsewhere, or guesses a cookie, decides nothing."""
    form = read_forms(visitor.choose()["body"])[-1]
    other = Visitor(OPAQUE)
    for cookies in ({}, dict.fromkeys(visitor.cookies, "x" * 32), dict.fromkeys(visitor.cookies, "")):
        other.cookies = dict(cookies)
        assert other.press(form, 0, {"version": "4"})["statusCode"] == 400
    assert stored(pending)["status"] == "pending"


def test_a_nonce_made_with_an_empty_cookie_is_none(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """Not even for whoever knows the table."""
    fields = {"decision": "approve", "name": "Ana", "nonce": first_nonce(SECRET, "")}
    assert visitor.send("POST", urlencode(fields))["statusCode"] == 400


def test_the_cookie_is_of_no_use_to_scripts_and_other_sites(pending: Any, visitor: Visitor) -> None:
    """Given once; by https alone, where the page came by it."""
    (cookie,) = visitor.send()["cookies"]
    assert cookie.split("; ")[1:] == ["HttpOnly", "SameSite=Strict", "Secure"]
    assert "cookies" not in visitor.send()
    assert OPAQUE not in cookie


def test_a_program_that_opens_the_link_learns_no_nonce(pending: Any, visitor: Visitor) -> None:
    """Only one that the page knows already, by its cookie."""
    assert json.loads(visitor.send(accept="application/json")["body"])["nonce"] is None
    known = json.loads(visitor.send(accept="application/json")["body"])
    (cookie,) = visitor.cookies.values()
    assert (known["status"], known["nonce"], known["decision"]) == ("pending", first_nonce(SECRET, cookie), None)


def test_a_program_with_the_page_s_cookie_goes_through_both_looks(
    pending: Any, execution: Waiting, visitor: Visitor
) -> None:
    """And is told as much as a person."""
    for _ in range(2):
        nonce = json.loads(visitor.send(accept="application/json")["body"])["nonce"]
    fields = {"decision": "approve", "name": "Ana", "nonce": nonce}
    again = json.loads(visitor.send("POST", urlencode(fields), "application/json")["body"])
    assert again["status"] == "pending"
    execution.takes()
    fields |= {"nonce": again["nonce"], "version": "4"}
    decided = json.loads(visitor.send("POST", urlencode(fields), "application/json")["body"])
    assert (decided["status"], decided["by"], decided["door"]) == ("approved", "Ana", "link")
    assert decided["nonce"] is None


def test_a_replayed_form_has_one_effect(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """A double click sees the first click's decision; the execution is told once."""
    execution.takes()
    page = visitor.choose()["body"]
    first, second = visitor.confirm(page), visitor.confirm(page)
    assert first["statusCode"] == second["statusCode"] == 200
    assert first["body"] == second["body"]


def test_the_second_of_two_people_sees_who_was_first(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """The decision stands, and the answer says so to programs too."""
    execution.takes()
    late = Visitor(OPAQUE)
    page = late.choose("reject", "Ben")["body"]
    visitor.decide("approve", "Ana")
    answer = late.confirm(page)
    assert answer["statusCode"] == 409
    assert "Approved by Ana" in answer["body"]
    assert stored(pending)["decision"] == "approved"


def test_approve_and_reject_at_one_moment_have_one_winner(pending: Any) -> None:
    """Both found the request open; the table takes one, and the other sees who and when."""
    as_both_found_it, now = StoredApproval.parse(stored(pending)), int(time.time())
    answers = [
        deciding.take(as_both_found_it, Answer(decision, name, ""), now)
        for decision, name in (("rejected", "Ben"), ("approved", "Ana"))
    ]
    assert [answer.decided_by for answer in answers] == ["Ben", "Ben"]
    assert stored(pending)["decision"] == "rejected"
    assert decisions(pending) == [key_of(PACKAGE)]


def test_two_requests_about_one_version_at_one_moment_have_one_decision(pending: Any) -> None:
    """Both found that nothing stood; of the second nothing is written, neither the decision nor the request's part."""
    pending.put_item(Item=stored_request(opaque_id="m" * 32).item("another-token"))
    now, made = int(time.time()), []
    for opaque_id, name in ((OPAQUE, "Ana"), ("m" * 32, "Ben")):
        approval = StoredApproval.parse(stored(pending, opaque_id))
        decision = draw_up(approval, Answer("approved", name, ""), now)
        made.append((approval, SignedDecision(decision, standing.sign(decision))))
    deciding.write(*made[0], (), now)
    with pytest.raises(services.dynamodb.exceptions.TransactionCanceledException):
        deciding.write(*made[1], (), now)
    assert signed(pending).decision.by == "Ana"
    assert stored(pending, "m" * 32)["status"] == "pending"


def test_an_expired_request_is_refused_before_it_is_swept(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """The table deletes expired items late; the condition does not wait for that."""
    page = visitor.choose()["body"]
    approval = StoredApproval.parse(stored(pending))
    pending.update_item(
        Key=KEY, UpdateExpression="SET expires_epoch = :then", ExpressionAttributeValues={":then": int(time.time()) - 1}
    )
    answer = visitor.confirm(page)
    assert answer["statusCode"] == 410
    assert "Expired" in answer["body"]
    assert deciding.take(approval, Answer("approved", "Ana", ""), int(time.time())).status == "pending"
    assert decisions(pending) == []


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_execution_that_no_longer_waits_is_said_so(
    pending: Any, execution: Waiting, visitor: Visitor, code: str
) -> None:
    """Stopped, then approved: nothing goes on, and the page does not pretend, not even that somebody approved."""
    execution.is_gone(code)
    answer = visitor.decide()
    for said in (answer, visitor.send(), visitor.send("POST", urlencode({"decision": "approve"}))):
        assert "no longer waiting" in said["body"]
        assert "pproved" not in said["body"]
    assert answer["statusCode"] == 410
    assert stored(pending)["status"] == "closed"
    told = json.loads(visitor.send(accept="application/json")["body"])
    assert (told["status"], told["decision"], told["by"]) == ("closed", None, None)


def test_a_decision_that_could_not_be_delivered_waits_for_no_other_form(
    pending: Any, execution: Waiting, visitor: Visitor
) -> None:
    """It is recorded, and said so; whoever comes next changes nothing."""
    execution.fails("ThrottlingException")
    answer = visitor.decide("approve", "Ana")
    assert answer["statusCode"] == 202
    assert "could not be told yet" in answer["body"]
    assert "<form" not in answer["body"]
    assert (stored(pending)["status"], stored(pending)["delivered"]) == ("approved", False)
    assert Visitor(OPAQUE).send("POST", urlencode({"decision": "reject", "name": "Ben"}))["statusCode"] == 409
    execution.takes()
    deciding.deliver(KEY["id"])
    assert stored(pending)["delivered"] is True


class Killed(BaseException):
    """Lambda ends the function: nothing of ours may catch it."""


def test_a_crash_between_recording_and_telling_loses_nothing_and_tells_once(
    pending: Any, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The click's function is killed before it tells the run; the watch tells it, once, without another click."""

    class Crashing:
        def send_task_success(self, **told: Any) -> None:
            raise Killed

    monkeypatch.setattr(deciding, "stepfunctions", Crashing())
    page = visitor.choose()["body"]
    with pytest.raises(Killed):
        visitor.confirm(page)
    assert (stored(pending)["decision"], stored(pending)["delivered"]) == ("approved", False)
    assert signed(pending).decision.by == "Ana"
    monkeypatch.setattr(deciding, "stepfunctions", services.stepfunctions)
    output = Kept()
    with Stubber(services.stepfunctions) as stub:
        stub.add_response("send_task_success", {}, {"taskToken": TOKEN, "output": output})
        for _ in range(2):
            attend.handler({"detail-type": "Scheduled Event", "detail": {}}, Context())
        stub.assert_no_pending_responses()
    assert json.loads(output.values[0])["by"] == "Ana"
    assert stored(pending)["delivered"] is True


def test_a_decision_that_cannot_be_signed_is_not_recorded(
    pending: Any, execution: Waiting, visitor: Visitor, decision_key: Any
) -> None:
    """The form is there again."""
    decision_key.delete_alias(AliasName=ENVIRONMENT["DECISION_KEY"])
    answer = visitor.decide()
    assert answer["statusCode"] == 503
    assert "could not be recorded" in answer["body"]
    assert stored(pending)["status"] == "pending"


def test_a_delivery_beats_the_finding_that_nobody_waits(pending: Any) -> None:
    """Two deliver one decision: whichever writes last, it counts as delivered."""
    deciding.take(StoredApproval.parse(stored(pending)), Answer("approved", "Ana", ""), int(time.time()))
    with Stubber(services.stepfunctions) as stub:
        stub.add_response("send_task_success", {})
        assert deciding.deliver(KEY["id"]).delivered
        assert deciding.deliver(KEY["id"]).status == "approved"
    assert deciding.close(KEY["id"]).status == "approved"


@pytest.mark.parametrize("end", ["delivered", "closed", "expired"])
def test_nothing_that_decides_stays_in_the_table_once_it_is_over(pending: Any, execution: Waiting, end: str) -> None:
    """Neither the token nor what the page's nonces are made with."""
    now = int(time.time())
    if end == "delivered":
        execution.takes()
        deciding.take(StoredApproval.parse(stored(pending)), Answer("approved", "Ana", ""), now)
        deciding.deliver(KEY["id"])
    elif end == "closed":
        deciding.close(KEY["id"])
    else:
        deciding.expire(KEY["id"], now + 1000)
    item = stored(pending)
    assert item["status"] == {"delivered": "approved"}.get(end, end)
    assert not {"token", "secret", "nonce"} & set(item)
    assert TOKEN not in str(item)


def test_every_answer_forbids_scripts_frames_and_caches(pending: Any, visitor: Visitor) -> None:
    """The headers that keep a page harmless."""
    answers = [visitor.send(), visitor.send(path="/nothing"), visitor.send(accept="application/json")]
    for answer in (*answers, visitor.send("POST", "nonce=wrong"), visitor.choose()):
        headers = answer["headers"]
        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_decision_is_kept_longer_than_its_request(pending: Any, execution: Waiting, visitor: Visitor) -> None:
    """Who approved stays readable after the request would have been swept."""
    before = int(stored(pending)["expires_epoch"])
    execution.takes()
    visitor.decide()
    assert stored(pending)["expires_epoch"] > before + 300 * 24 * 3600


def ask_with_report(table: Any, bucket: Bucket, text: str) -> None:
    """Put a report beside the run, and ask with it."""
    content = text.encode(errors="surrogateescape")
    bucket.put("runs/one/evaluation/report/index.html", content)
    digest = hashlib.sha256(content).hexdigest()
    asked = stored_request(request=replace(stored_request().request, report_digest=digest))
    table.put_item(Item=asked.item(TOKEN))


def test_the_page_shows_what_the_report_carries(pending: Any, bucket: Bucket, visitor: Visitor) -> None:
    """The worst pictures, on the page itself; of the report's own markup nothing."""
    ask_with_report(pending, bucket, f"<h1>Mine</h1>{glance('<b>.jpg').comment()}")
    page = visitor.send()["body"]
    assert "Worst pictures" in page
    assert f"data:image/jpeg;base64,{JPEG}" in page
    assert "&lt;b&gt;.jpg, this model: 0 found, 1 missed (bolt 0.91)" in page
    assert "Mine" not in page
    assert "<b>" not in page


@pytest.mark.parametrize("lies", ["gone", "written over", "<!--glance:{}-->", "\udcff"])
def test_no_picture_of_another_report_is_shown_and_the_request_still_is(
    pending: Any, bucket: Bucket, visitor: Visitor, lies: str
) -> None:
    """Whoever may write below the runs could show what nobody was asked with; what cannot be believed is left out."""
    text = f"<h1>Mine</h1>{glance().comment()}"
    ask_with_report(pending, bucket, text if lies in ("gone", "written over") else lies)
    if lies == "gone":
        bucket.s3.delete_object(Bucket=bucket.name, Key="runs/one/evaluation/report/index.html")
    elif lies == "written over":
        bucket.put("runs/one/evaluation/report/index.html", glance("better.jpg").comment())
    page = visitor.send()["body"]
    assert "Worst pictures" not in page
    assert "Continue to approve" in page
    said = {"gone": "is not at s3://", "written over": "is another than the one that was there"}
    assert ("Full report on" in page) == (lies not in said)
    assert said.get(lies, "") in page


def test_a_report_that_cannot_be_read_is_said_so_before_somebody_decides_without_it(
    pending: Any, bucket: Bucket, visitor: Visitor
) -> None:
    """S3 does not answer; or whoever may write below the runs put one under a key of their own over it."""
    ask_with_report(pending, bucket, glance().comment())
    with Stubber(services.s3) as stub:
        for _ in range(2):
            stub.add_client_error("get_object", "AccessDenied")
        page, alone = visitor.send(), visitor.send(path=f"/a/{OPAQUE}/report")
    assert (page["statusCode"], alone["statusCode"]) == (200, 503)
    for answer in (page, alone):
        assert f"{REPORT} cannot be read" in answer["body"]


@pytest.mark.parametrize("asked_with", ["<html>ü</html>", ""])
def test_a_report_that_was_written_over_is_not_shown(
    pending: Any, bucket: Bucket, visitor: Visitor, asked_with: str
) -> None:
    """People decide by what they see; nor is one shown that was put where there was none."""
    if asked_with:
        ask_with_report(pending, bucket, asked_with)
    bucket.put("runs/one/evaluation/report/index.html", "<html>much better</html>")
    answer = visitor.send(path=f"/a/{OPAQUE}/report")
    assert answer["statusCode"] == 409
    assert "another than the one that was there when this was asked" in answer["body"]
    assert "much better" not in answer["body"]


def test_the_report_is_shown_under_a_policy_of_its_own(pending: Any, bucket: Bucket, visitor: Visitor) -> None:
    """Pictures and styles, no script."""
    ask_with_report(pending, bucket, "<html>ü</html>")
    answer = visitor.send(path=f"/a/{OPAQUE}/report")
    assert (answer["statusCode"], answer["body"]) == (200, "<html>ü</html>")
    policy = answer["headers"]["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert visitor.send("POST", path=f"/a/{OPAQUE}/report")["statusCode"] == 405


def test_a_report_that_is_gone_or_too_large_is_said_so_with_its_address(
    pending: Any, bucket: Bucket, visitor: Visitor
) -> None:
    """Lambda can return six megabytes."""
    gone = visitor.send(path=f"/a/{OPAQUE}/report")
    assert gone["statusCode"] == 404
    ask_with_report(pending, bucket, "x" * 6_000_000)
    large = visitor.send(path=f"/a/{OPAQUE}/report")
    for answer in (gone, large):
        assert REPORT in answer["body"]


def test_neither_token_nor_id_nor_nonce_is_logged(
    pending: Any, execution: Waiting, visitor: Visitor, log_of: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also not when the delivery fails."""
    log = log_of(function)
    execution.fails("InternalError")
    again = visitor.choose()["body"]
    nonces = [read_forms(visitor.send()["body"])[0].fields["nonce"], read_forms(again)[-1].fields["nonce"]]
    bodies = [visitor.confirm(again)["body"], visitor.send()["body"]]
    execution.takes()
    deciding.deliver(KEY["id"])
    bodies += [visitor.send("POST", "nonce=wrong")["body"]]
    assert log.text
    for secret in (TOKEN, OPAQUE, SECRET, KEY["id"], *visitor.cookies.values(), *nonces):
        assert secret not in log.text
        assert secret not in capsys.readouterr().out
    assert all(TOKEN not in body and SECRET not in body for body in bodies)


def test_what_is_changed_between_two_looks_is_not_signed_for(pending: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are those that were asked about when the decision is written, not only when it was begun."""
    read = StoredApproval.parse(stored(pending))

    def change(**_: Any) -> None:
        monkeypatch.undo()
        document = json.dumps({**json.loads(stored(pending)["document"]), "archive_digest": "f" * 64})
        pending.put_item(Item={**stored(pending), "document": document})
        raise services.dynamodb.exceptions.TransactionCanceledException({}, "TransactWriteItems")

    monkeypatch.setattr(services.dynamodb, "transact_write_items", change)
    with pytest.raises(UnusableError, match="carries no mark"):
        deciding.take(read, Answer("approved", "Ana", ""), int(time.time()))
    assert decisions(pending) == []


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_decision_that_somebody_wrote_onto_a_request_is_neither_told_nor_shown(
    pending: Any, visitor: Visitor, execution: Waiting, status: str
) -> None:
    """The run goes on with what was signed, and with nothing else."""
    said = {"status": status, "decision": status, "decided_by": "Eve", "comment": "", "decided_epoch": 1}
    pending.put_item(Item={**stored(pending), **said})
    with pytest.raises(attend.AttentionError):
        attend.attend_to_all(int(time.time()))
    with pytest.raises(UnusableError, match="no signed decision says so"):
        deciding.take(StoredApproval.parse(stored(pending)), Answer("approved", "Ana", ""), int(time.time()))
    with pytest.raises(UnusableError, match="no signed decision says so"):
        deciding.deliver(KEY["id"])
    answer = visitor.send()
    assert answer["statusCode"] == 409
    assert "Eve" not in answer["body"]
