"""Where a stack requires several people, each counts once, one no is enough, and the last yes needed decides."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.decide import attend, deciding, services
from lambdas.decide.answer import Answer, UnusableError
from lambdas.decide.approvers import Approvers
from tests.lambdas.ask_approval.test_ask_approval import RELEASE
from tests.lambdas.conftest import Mailbox
from tests.lambdas.decide.conftest import KEY, OPAQUE, TOKEN, Waiting, mark, stored, stored_request
from tests.lambdas.decide.test_attend import Registry, changed, identity, minute, registry
from tests.lambdas.decide.test_command import ORDER, call
from tests.lambdas.decide.test_handler import decisions, signed
from tests.lambdas.decide.visitor import Visitor, read_forms
from workflow.contract.approval import StoredApproval

__all__ = ["registry"]
ACCOUNT = "arn:aws:iam::123456789012"
ADA, BEN, EVE = (f"{ACCOUNT}:user/{name}" for name in ("ada", "ben", "eve"))


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stack that requires two people; gives what changes it."""

    def change(**settings: str) -> None:
        told = {"REQUIRED_APPROVALS": "2", **settings}
        monkeypatch.setattr(services, "approvers", Approvers.read(told))

    change()
    return change


def found(table: Any, opaque_id: str = OPAQUE) -> StoredApproval:
    """The request as somebody reads it now."""
    return StoredApproval.parse(stored(table, opaque_id))


def say(approval: StoredApproval, by: str, *also: str, decision: str = "approved") -> StoredApproval:
    """Somebody who read the request so answers it."""
    return deciding.take(approval, Answer(decision, by, f"says {by}", "command", also), int(time.time()))


def test_the_first_yes_is_counted_and_the_second_decides(pending: Any, execution: Waiting) -> None:
    """One signed decision names both, and is delivered once."""
    status, told = call(caller=ADA)
    assert (status, told["status"], told["decision"]) == (202, "pending", None)
    assert told["tally"] == f"1 of 2 approved, by {ADA} (command)"
    assert stored(pending)["tally"] == told["tally"]
    assert decisions(pending) == []
    execution.takes()
    status, told = call({**ORDER, "comment": "so do I"}, caller=BEN)
    assert (status, told["decision"], told["by"]) == (200, "approved", f"{ADA}, {BEN}")
    votes = signed(pending).decision.votes
    assert [(vote.by, vote.door, vote.comment) for vote in votes] == [
        (ADA, "command", "fine"),
        (BEN, "command", "so do I"),
    ]
    assert signed(pending).decision.people == 2
    assert call(caller=EVE)[1]["by"] == f"{ADA}, {BEN}"
    minute()


@pytest.mark.parametrize(
    ("once", "again"),
    [
        ((ADA,), (ADA,)),
        ((ADA,), ("ada@example.com", "subject-7")),
        (("ADA@example.com",), (f"{ACCOUNT}:user/people/ada",)),
        (("renamed@example.com", "subject-7"), ("ada@example.com", "subject-7")),
        (("arn:aws:sts::1:assumed-role/People/x", "arn:role"), ("arn:aws:sts::1:assumed-role/People/y", "arn:role")),
    ],
)
def test_one_person_counts_once_at_whichever_doors(
    pending: Any, execution: Waiting, once: tuple[str, ...], again: tuple[str, ...]
) -> None:
    """As far as names tell."""
    say(found(pending), *once)
    for _ in range(2):
        assert say(found(pending), *again).status == "pending"
    assert len(found(pending).votes) == 1
    execution.takes()
    say(found(pending), BEN)
    deciding.deliver(KEY["id"])
    assert signed(pending).decision.people == 2


def test_a_no_decides_at_once(pending: Any, execution: Waiting) -> None:
    """Also of somebody who said yes before."""
    call(caller=ADA)
    execution.takes()
    status, told = call({**ORDER, "decision": "reject"}, caller=ADA)
    assert (status, told["decision"], told["by"]) == (200, "rejected", ADA)
    assert signed(pending).decision.votes == ()


def test_of_people_at_one_moment_no_yes_is_lost_and_none_counts_twice(pending: Any, stack: Any) -> None:
    """All read the request before anybody answered; the one who twice pressed the button is one."""
    stack(REQUIRED_APPROVALS="3")
    as_all_found_it = found(pending)
    for who in (ADA, ADA, BEN):
        assert say(as_all_found_it, who).status == "pending"
    assert [vote.by for vote in found(pending).said_yes] == [ADA, BEN]
    assert say(as_all_found_it, EVE).status == "approved"
    assert say(as_all_found_it, f"{ACCOUNT}:user/dan").decided_by == f"{ADA}, {BEN}, {EVE}"
    assert signed(pending).decision.people == 3


def test_a_last_yes_that_breaks_off_leaves_what_was_counted(
    pending: Any, execution: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither half counted nor half decided, and is said again."""
    say(found(pending), ADA)
    with monkeypatch.context() as broken:

        def breaks(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "TransactWriteItems")

        broken.setattr(services.dynamodb, "transact_write_items", breaks)
        with pytest.raises(ClientError):
            say(found(pending), BEN)
    assert [vote.by for vote in found(pending).said_yes] == [ADA]
    assert decisions(pending) == []
    assert say(found(pending), BEN).status == "approved"


def test_a_request_that_ends_with_too_few_releases_nothing(table: Any, decision_key: Any, execution: Waiting) -> None:
    """The next one is counted from the beginning."""
    table.put_item(Item=stored_request(expires_epoch=int(time.time()) + 600).item(TOKEN))
    read = say(found(table), ADA)
    table.update_item(
        Key=KEY, UpdateExpression="SET expires_epoch = :past", ExpressionAttributeValues={":past": int(time.time()) - 1}
    )
    # Whoever read it before is too late as well: the condition asks the table.
    assert say(read, BEN).status == "pending"
    minute()
    assert (stored(table)["status"], decisions(table)) == ("expired", [])
    table.put_item(Item=stored_request(opaque_id="m" * 32).item("another-token"))
    assert say(found(table, "m" * 32), BEN).status == "pending"


@pytest.mark.parametrize("forged", ["made up", "changed", "copied", "doubled"])
def test_a_yes_that_nobody_said_is_not_counted(pending: Any, execution: Waiting, forged: str) -> None:
    """Whoever can write to the table can delete votes, and add none; neither is such a request shown."""
    pending.put_item(Item=stored_request(opaque_id="m" * 32).item("another-token"))
    say(found(pending), ADA)
    (real,) = stored(pending)["votes"]
    vote = json.loads(real)
    texts = {
        "made up": json.dumps({"vote": {**vote["vote"], "by": EVE}, "mac": "00" * 32}),
        "changed": json.dumps({**vote, "vote": {**vote["vote"], "by": EVE}}),
        "copied": real,
        "doubled": real,
    }
    opaque_id, votes = ("m" * 32, [texts[forged]]) if forged == "copied" else (OPAQUE, [real, texts[forged]])
    key = found(pending, opaque_id).id
    pending.update_item(
        Key={"id": key}, UpdateExpression="SET votes = :votes", ExpressionAttributeValues={":votes": votes}
    )
    if forged == "doubled":
        assert say(found(pending), ADA).status == "pending"
    else:
        with pytest.raises(UnusableError, match="carries no mark"):
            say(found(pending, opaque_id), BEN)
        assert Visitor(opaque_id).send()["statusCode"] == 409
    assert decisions(pending) == []


def test_a_yes_that_is_written_between_two_looks_is_not_counted_either(pending: Any) -> None:
    """Whoever loses the race for the request looks at it anew, and at its marks."""
    read = found(pending)
    vote = {"by": EVE, "door": "command", "comment": "", "at_epoch": 1, "also": []}
    votes = [json.dumps({"vote": vote, "mac": "00" * 32})]
    pending.update_item(Key=KEY, UpdateExpression="SET votes = :votes", ExpressionAttributeValues={":votes": votes})
    with pytest.raises(UnusableError, match="carries no mark"):
        say(read, BEN)
    assert decisions(pending) == []


def test_what_is_required_is_what_the_stack_says_at_that_moment(pending: Any, stack: Any) -> None:
    """Whoever said yes before it was lowered is named as well."""
    stack(REQUIRED_APPROVALS="3")
    say(found(pending), ADA)
    stack(REQUIRED_APPROVALS="1")
    assert say(found(pending), BEN).decided_by == f"{ADA}, {BEN}"


def test_who_started_the_run_may_not_be_one_of_them(pending: Any, stack: Any) -> None:
    """Each is asked, the second too, also without an issuer."""
    starter = f"{ACCOUNT}:user/{RELEASE['started_by']}"
    stack(APPROVERS=f"{ADA},{BEN},{starter}")
    call(caller=BEN)
    status, told = call(caller=starter)
    assert (status, told["error"][:27]) == (403, "whoever started a run may n")
    assert stored(pending)["status"] == "pending"


def test_who_started_the_run_is_not_another_person_by_another_session(pending: Any, stack: Any) -> None:
    """Whoever begins a session of a role names it; sessions that are listed one by one are told apart."""
    ada, zed = (f"arn:aws:sts::123456789012:assumed-role/People/{name}" for name in ("ada", "zed"))
    asked = stored_request()
    pending.put_item(Item=mark(replace(asked, request=replace(asked.request, started_by=ada))).item(TOKEN))
    stack(APPROVERS=f"{ACCOUNT}:role/People,{BEN}")
    assert call(caller=zed)[0] == 403
    stack(APPROVERS=f"{ada},{zed}")
    assert (call(caller=ada)[0], call(caller=zed)[0]) == (403, 202)


def test_a_link_that_tells_nobody_apart_takes_no_decision(pending: Any, execution: Waiting) -> None:
    """It shows what is asked, says so plainly, and gives no form; one that is posted all the same is refused."""
    visitor = Visitor(OPAQUE)
    page = visitor.send()["body"]
    assert "Nobody decides here" in page
    assert "greenlight approve" in page
    assert read_forms(page) == []
    assert json.loads(visitor.send(accept="application/json")["body"])["nonce"] is None
    with pytest.MonkeyPatch.context() as before:
        before.setattr(services, "approvers", Approvers.read({}))
        chosen = visitor.choose(name="Zoe")["body"]
    assert visitor.confirm(chosen)["statusCode"] == 403
    assert (found(pending).status, found(pending).votes) == ("pending", ())


def test_a_status_in_the_registry_is_a_yes_among_others(pending: Any, execution: Waiting, registry: Registry) -> None:
    """It is put back with what was counted, so that the next one can set it, and the same person cannot."""
    for _ in range(2):
        registry.says("Approved", identity(ADA))
        why = registry.is_put_right("PendingManualApproval")
        changed()
        assert f"1 of 2 approved, by {ADA} (registry)" in why.value
    execution.takes()
    registry.says("Approved", identity(BEN), description=why.value)
    changed()
    # He wrote nothing: what was written there when it was put back is not his comment.
    assert [(vote.by, vote.comment) for vote in signed(pending).decision.votes] == [(ADA, "seen it"), (BEN, "")]


def test_the_list_holds_at_every_door(pending: Any, execution: Waiting, registry: Registry, stack: Any) -> None:
    """Who is not on it is told so, and what they set in the registry is put right."""
    stack(REQUIRED_APPROVALS="1", APPROVERS=f"{ADA},ben@example.com")
    for decision in ("approve", "reject"):
        status, told = call({**ORDER, "decision": decision}, caller=EVE)
        assert (status, told["error"]) == (403, f"{EVE} is not among the approvers of this stack.")
    for setting in ("Approved", "Rejected"):
        registry.says(setting, identity(EVE))
        registry.is_put_right("PendingManualApproval")
        changed()
    assert decisions(pending) == []
    execution.takes()
    assert call(caller=ADA)[0] == 200


def test_one_person_adopts_nothing_where_several_are_required(pending: Any, execution: Waiting) -> None:
    """It would be the way around the others; and a decision that no release believes would stand for good."""
    status, told = call({"action": "adopt", "version": 4, "reason": "in use since May"}, caller=ADA)
    assert status == 409
    assert "this stack requires several" in told["error"]
    assert decisions(pending) == []


def test_a_reminder_says_who_approved(table: Any, decision_key: Any, mailbox: Mailbox, execution: Waiting) -> None:
    """So that the others know that it is on them."""
    now = int(time.time())
    table.put_item(Item=stored_request(created_epoch=now - 1000, expires_epoch=now + 100).item(TOKEN))
    say(found(table), "ada@example.com")
    minute()
    (mail,) = mailbox.mails()
    assert "1 of 2 approved, by ada@example.com (command)." in mail["Message"]
    assert attend.attendance.project in mail["Subject"]
