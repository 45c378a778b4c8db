"""What happens without a click: delivered, closed, expired, reminded, and what the registry's changes become."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.decide import attend as function
from lambdas.decide import deciding, opened, services, taken
from lambdas.decide.answer import Answer
from lambdas.decide.approvers import Approvers
from lambdas.decide.markup import format_time
from tests.lambdas.ask_approval.test_ask_approval import PACKAGE, RELEASE
from tests.lambdas.conftest import ENVIRONMENT, Context, Mailbox
from tests.lambdas.decide.conftest import KEY, OPAQUE, SECRET, TOKEN, Waiting, mark, stored, stored_request
from tests.lambdas.decide.test_handler import decisions, signed
from workflow.contract.approval import StoredApproval
from workflow.contract.table_keys import asked_key
from workflow.contract.table_keys import decision_key as key_of

ADA = "arn:aws:sts::123456789012:assumed-role/Approvers/ada"
MACHINE = f"arn:aws:sts::123456789012:assumed-role/{ENVIRONMENT['BUILD_ROLE']}/states"


def minute() -> None:
    """The schedule fires."""
    function.handler({"detail-type": "Scheduled Event", "detail": {}}, Context())


def ended(execution: str = RELEASE["execution"], at: float | None = None, status: str = "ABORTED") -> None:
    """An execution ended."""
    stopped = int((time.time() if at is None else at) * 1000)
    detail = {"executionArn": execution, "status": status, "stopDate": stopped}
    function.handler({"detail-type": "Step Functions Execution Status Change", "detail": detail}, Context())


def decide(table: Any, decision: str = "approved", by: str = "Ana") -> None:
    """Record a decision and tell nobody, as if everything had ended at this moment."""
    deciding.take(StoredApproval.parse(stored(table)), Answer(decision, by, ""), int(time.time()))


@pytest.fixture
def asked(pending: Any) -> Any:
    """A table in which the pending request is known as its execution's newest."""
    pending.put_item(Item={"id": asked_key(RELEASE["execution"]), "kind": "asked", "request": KEY["id"]})
    return pending


def test_a_recorded_decision_is_delivered_without_another_click(pending: Any, execution: Waiting) -> None:
    """Until it was; then never again."""
    decide(pending)
    execution.fails("ThrottlingException")
    with pytest.raises(function.AttentionError):
        minute()
    assert stored(pending)["delivered"] is False
    execution.takes()
    for _ in range(3):
        minute()
    assert stored(pending)["delivered"] is True


def test_a_decision_that_nobody_waits_for_is_closed(pending: Any, execution: Waiting) -> None:
    """It is not tried for ever."""
    decide(pending)
    execution.is_gone()
    for _ in range(2):
        minute()
    assert stored(pending)["status"] == "closed"


@pytest.mark.parametrize(("by", "status", "delivered"), [("Ana", "approved", True), ("Eve", "closed", False)])
def test_a_decision_whose_delivery_was_not_written_down_is_told_as_the_history_tells(
    pending: Any, execution: Waiting, by: str, status: str, delivered: bool
) -> None:
    """The function broke off right after it told the run; or a stranger completed the task, with other words."""
    decide(pending)
    at = datetime.fromtimestamp(int(stored(pending)["decided_epoch"]), UTC).isoformat().replace("+00:00", "Z")
    execution.is_gone("TaskTimedOut", {"decision": "approved", "by": by, "comment": "", "at": at}, {"asked": "else"})
    for _ in range(2):
        minute()
    item = stored(pending)
    assert (item["status"], item["delivered"]) == (status, delivered)
    assert not {"token", "secret"} & set(item)


def test_a_state_that_took_another_token_meanwhile_is_told_with_it(pending: Any, execution: Waiting) -> None:
    """It was tried again between the look at the request and the answer of the old token."""
    decide(pending)
    execution.is_gone()

    def swap(*given: Any) -> bool:
        pending.update_item(
            Key=KEY,
            UpdateExpression="SET #token = :token",
            ExpressionAttributeNames={"#token": "token"},
            ExpressionAttributeValues={":token": "another"},
        )
        return taken.has_taken(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lambdas.decide.deciding.has_taken", swap)
        minute()
    assert stored(pending)["status"] == "approved"
    execution.takes()
    minute()
    assert stored(pending)["delivered"] is True


def test_only_what_is_open_is_looked_at(pending: Any, execution: Waiting) -> None:
    """The table remembers for years; the look that is taken every minute reads nothing of it."""
    execution.takes()
    decide(pending)
    deciding.deliver(KEY["id"])
    pending.put_item(Item=stored_request(opaque_id="m" * 32).item("another-token"))
    read: list[int] = []

    def count(parsed: dict[str, Any], **_: Any) -> None:
        read.append(parsed["ScannedCount"])

    services.dynamodb.meta.events.register("after-call.dynamodb.Scan", count, unique_id="count")
    try:
        assert list(opened.list_open()) == [stored_request(opaque_id="m" * 32).id]
    finally:
        services.dynamodb.meta.events.unregister("after-call.dynamodb.Scan", unique_id="count")
    assert read == [1]


def test_a_request_about_a_version_that_was_decided_elsewhere_is_answered(pending: Any, execution: Waiting) -> None:
    """A redriven run does not wait for days for what is known."""
    decide(pending, "rejected", "Ana")
    pending.put_item(Item=stored_request(opaque_id="m" * 32).item("another-token"))
    execution.takes(2)
    minute()
    item = stored(pending, "m" * 32)
    assert (item["status"], item["decided_by"], item["delivered"]) == ("rejected", "Ana", True)


def test_a_request_that_somebody_else_wrote_is_not_answered_with_what_stands(pending: Any, execution: Waiting) -> None:
    """It may carry the token of any run that waits."""
    decide(pending)
    execution.takes()
    minute()
    forged = replace(stored_request(opaque_id="m" * 32), mac="00" * 32)
    pending.put_item(Item=forged.item("the token of another run"))
    minute()
    assert stored(pending, "m" * 32)["status"] == "pending"


def test_one_request_that_cannot_be_attended_to_keeps_no_other_waiting(pending: Any, execution: Waiting) -> None:
    """And is told of, by the alarm."""
    decide(pending)
    pending.put_item(Item={**stored_request(opaque_id="m" * 32).item("t"), "document": "{"})
    execution.takes()
    with pytest.raises(function.AttentionError, match="1 request"):
        minute()
    assert stored(pending)["delivered"] is True


def test_a_request_that_nobody_answered_in_time_is_marked(table: Any, decision_key: Any, execution: Waiting) -> None:
    """Its secrets leave the table then, and not only when the table is swept."""
    table.put_item(Item=stored_request(expires_epoch=int(time.time()) - 1).item(TOKEN))
    minute()
    item = stored(table)
    assert item["status"] == "expired"
    assert not {"token", "secret"} & set(item)


def test_a_request_from_before_digests_were_kept_keeps_nobody_busy(pending: Any, execution: Waiting) -> None:
    """It waits for days, and nobody is alarmed every minute."""
    pending.update_item(Key=KEY, UpdateExpression="REMOVE secret")
    minute()
    assert stored(pending)["status"] == "pending"


@pytest.mark.parametrize(("passed", "mails"), [(0.74, 0), (0.76, 1)])
def test_people_are_reminded_once_when_a_quarter_of_the_time_is_left(
    table: Any, decision_key: Any, mailbox: Mailbox, execution: Waiting, passed: float, mails: int
) -> None:
    """By a mail without a link: the link is in the first one alone."""
    now, hours = int(time.time()), 100 * 3600
    created = now - int(hours * passed)
    table.put_item(Item=stored_request(created_epoch=created, expires_epoch=created + hours).item(TOKEN))
    for _ in range(3):
        minute()
    sent = mailbox.mails()
    assert len(sent) == mails
    for mail in sent:
        until = format_time(created + hours)
        assert mail["Subject"] == f"[greenlight] fasteners v4 waits for your decision only until {until}"
        assert "the subject" in mail["Message"]
        text, _, console = mail["Message"].partition("In the AWS console:")
        assert "://" not in text
        assert "https://console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/" in console
        assert "greenlight approve 2026-11-21T10-14-03" in mail["Message"]


def test_a_reminder_that_cannot_be_sent_is_no_flood(table: Any, decision_key: Any, execution: Waiting) -> None:
    """One try: rather no mail than one a minute."""
    now = int(time.time())
    table.put_item(Item=stored_request(created_epoch=now - 1000, expires_epoch=now + 10).item(TOKEN))
    with pytest.raises(function.AttentionError):
        minute()
    minute()
    assert stored(table)["reminded"] is True


@pytest.mark.parametrize("status", ["ABORTED", "FAILED", "TIMED_OUT"])
def test_a_request_of_an_execution_that_ended_is_closed_at_once(asked: Any, execution: Waiting, status: str) -> None:
    """Nobody decides for a run that was stopped."""
    for _ in range(2):
        ended(status=status, at=time.time() + 1)
    item = stored(asked)
    assert item["status"] == "closed"
    assert not {"token", "secret"} & set(item)


def test_a_run_that_ended_because_nobody_answered_in_time_leaves_an_expired_request(
    table: Any, decision_key: Any, execution: Waiting
) -> None:
    """The page says so, and not that somebody stopped it."""
    table.put_item(Item=stored_request(expires_epoch=int(time.time()) - 1).item(TOKEN))
    table.put_item(Item={"id": asked_key(RELEASE["execution"]), "kind": "asked", "request": KEY["id"]})
    ended(status="FAILED", at=time.time() + 1)
    assert stored(table)["status"] == "expired"


def test_an_end_that_is_told_late_closes_nothing_that_was_asked_since(asked: Any, execution: Waiting) -> None:
    """The execution was redriven meanwhile, and waits again."""
    ended(at=time.time() - 60)
    assert stored(asked)["status"] == "pending"


def test_an_end_of_an_execution_that_asked_nothing_is_nothing(asked: Any, execution: Waiting) -> None:
    """Most executions that fail never asked."""
    ended("arn:aws:states:us-east-1:123456789012:execution:greenlight-build:other")
    assert stored(asked)["status"] == "pending"


class Registry:
    """The model registry, as DescribeModelPackage tells of one version."""

    def __init__(self, stub: Stubber) -> None:
        self.stub = stub

    def says(self, status: str, by: dict[str, Any], description: str = "seen\u2028it", **properties: str) -> None:
        """Somebody set a status; the event follows."""
        told = {"archive_digest": "b" * 64, "evaluation_digest": "c" * 64, **properties}
        described = {
            "ModelPackageName": "greenlight",
            "ModelPackageArn": PACKAGE,
            "CreationTime": 0,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": status,
            "ApprovalDescription": description,
            "LastModifiedBy": by,
            "CustomerMetadataProperties": {name: value for name, value in told.items() if value and name != "image"},
            "InferenceSpecification": {"Containers": [{"Image": told.get("image", "serving:1")}]},
        }
        self.stub.add_response("describe_model_package", described, {"ModelPackageName": PACKAGE})

    def is_put_right(self, status: str) -> Any:
        """The next status set is this one; gives what keeps its description."""
        kept = _Kept()
        expected = {"ModelPackageArn": PACKAGE, "ModelApprovalStatus": status, "ApprovalDescription": kept}
        self.stub.add_response("update_model_package", {"ModelPackageArn": PACKAGE}, expected)
        return kept


class _Kept:
    """Equal to whatever it is compared with, and keeps it."""

    value = ""

    def __eq__(self, other: object) -> bool:
        self.value = str(other)
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def registry() -> Any:
    """The registry. A call that no test announced is an error."""
    with Stubber(function.sagemaker) as stub:
        yield Registry(stub)
        stub.assert_no_pending_responses()


def changed(*members: str) -> None:
    """The registry's event; it may name the members that were changed."""
    detail: dict[str, Any] = {"ModelPackageArn": PACKAGE, "ModelApprovalStatus": "whatever it was then"}
    if members:
        detail["UpdatedModelPackageFields"] = [*members]
    function.handler({"detail-type": "SageMaker Model Package State Change", "detail": detail}, Context())


def identity(arn: str) -> dict[str, Any]:
    """Who changed a version, outside Studio."""
    return {"IamIdentity": {"Arn": arn, "PrincipalId": "x"}}


@pytest.mark.parametrize(("status", "decision"), [("Approved", "approved"), ("Rejected", "rejected")])
def test_a_status_set_in_the_registry_decides_where_a_request_waits(
    pending: Any, execution: Waiting, registry: Registry, status: str, decision: str
) -> None:
    """As who set it; the description is the comment."""
    execution.takes()
    registry.says(status, identity(ADA))
    changed()
    kept = signed(pending).decision
    assert (kept.decision, kept.by, kept.door, kept.comment) == (decision, ADA, "registry", "seen it")
    assert stored(pending)["delivered"] is True


@pytest.mark.parametrize("member", ["ModelCard", "ModelLifeCycle", "CustomerMetadataProperties"])
def test_what_else_is_changed_of_a_version_decides_nothing(
    pending: Any, execution: Waiting, registry: Registry, member: str
) -> None:
    """Whoever describes a version, the flow itself among them, has not set the status that it has at that moment.

    The version is not even looked at: the registry would be asked for nothing here.
    """
    changed(member)
    assert stored(pending)["status"] == "pending"
    assert decisions(pending) == []


def test_a_status_that_is_set_together_with_something_else_decides(
    pending: Any, execution: Waiting, registry: Registry
) -> None:
    """As alone."""
    execution.takes()
    registry.says("Approved", identity(ADA))
    changed("ApprovalDescription", "ModelApprovalStatus", "ModelLifeCycle")
    assert signed(pending).decision.by == ADA


def test_a_damaged_request_keeps_no_status_from_deciding(pending: Any, execution: Waiting, registry: Registry) -> None:
    """Wherever the table gives it, before the others or after them."""
    for opaque_id, secret in (("m" * 32, "a"), ("o" * 32, "z")):
        pending.put_item(Item={**stored_request(opaque_id=opaque_id).item("t"), "secret": secret, "document": "{"})
    execution.takes()
    registry.says("Approved", identity(ADA))
    changed()
    assert signed(pending).decision.by == ADA


def test_a_profile_of_studio_decides_under_its_name(pending: Any, execution: Waiting, registry: Registry) -> None:
    """Its role is that of many people."""
    execution.takes()
    registry.says("Approved", {"UserProfileName": "ada", **identity(ADA)})
    changed()
    assert signed(pending).decision.by == "ada"


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
@pytest.mark.parametrize("how", ["by the registry's event", "at the end of the run"])
def test_what_a_run_marks_without_a_decision_is_put_right_and_told(
    asked: Any, execution: Waiting, registry: Registry, mailbox: Mailbox, how: str, status: str
) -> None:
    """A stranger completed its waiting task. A stack whose registry is no door hears of it when the run ends."""
    registry.says(status, identity(MACHINE))
    why = registry.is_put_right("PendingManualApproval")
    if how == "at the end of the run":
        ended(status="FAILED", at=time.time() + 1)
    else:
        changed()
    assert "completed by a stranger" in why.value
    (mail,) = mailbox.mails()
    assert mail["Subject"] == f"[greenlight] version 4 was marked {status} as nobody decided"
    assert "seen it" in mail["Message"]
    assert decisions(asked) == []


def test_what_the_machine_writes_down_of_a_decision_is_left_alone(
    asked: Any, execution: Waiting, registry: Registry
) -> None:
    """By the event, and at the end; and what people set is no matter of the end."""
    execution.takes()
    decide(asked)
    deciding.deliver(KEY["id"])
    for by, tell in ((MACHINE, changed), (MACHINE, ended)):
        registry.says("Approved", identity(by))
        tell()
    registry.says("Rejected", identity(ADA))
    ended()


def test_a_role_whose_name_begins_alike_is_not_the_machine(
    pending: Any, execution: Waiting, registry: Registry
) -> None:
    """It is whoever it is."""
    execution.takes()
    registry.says("Approved", identity(MACHINE.replace("BuildRole-1", "BuildRole-12")))
    changed()
    assert stored(pending)["status"] == "approved"


@pytest.mark.parametrize(
    "properties",
    [{"archive_digest": "f" * 64}, {"evaluation_digest": "f" * 64}, {"image": "other:1"}],
    ids=str,
)
def test_a_status_about_other_bytes_than_a_request_asks_about_decides_nothing(
    pending: Any, execution: Waiting, registry: Registry, properties: dict[str, str]
) -> None:
    """And is put right, saying why."""
    registry.says("Approved", identity(ADA), **properties)
    why = registry.is_put_right("PendingManualApproval")
    changed()
    assert ADA in why.value
    assert "no approval request about it waits" in why.value
    assert stored(pending)["status"] == "pending"
    assert decisions(pending) == []


def test_a_version_from_before_decisions_were_signed_is_left_as_it_is(
    pending: Any, execution: Waiting, registry: Registry
) -> None:
    """Its status decides nothing and is not put right: an administrator adopts it as it was approved."""
    registry.says("Approved", identity(ADA), evaluation_digest="")
    changed()
    assert stored(pending)["status"] == "pending"
    assert decisions(pending) == []


@pytest.mark.parametrize("by", [{}, {"IamIdentity": {}}])
def test_a_status_that_nobody_known_set_decides_nothing(
    pending: Any, execution: Waiting, registry: Registry, by: dict[str, Any]
) -> None:
    """Somebody has to be named in a decision."""
    registry.says("Approved", by)
    registry.is_put_right("PendingManualApproval")
    changed()
    assert stored(pending)["status"] == "pending"


def test_who_started_a_run_may_not_approve_it_in_the_registry(
    pending: Any, execution: Waiting, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the stack tells people apart; the request goes on waiting, for somebody else or for their no."""
    monkeypatch.setattr(services, "approvers", Approvers.read({"OIDC_ISSUER": "https://login.example.com"}))
    asked = stored_request()
    pending.put_item(Item=mark(replace(asked, request=replace(asked.request, started_by="Ada"))).item(TOKEN))
    registry.says("Approved", identity(ADA))
    registry.is_put_right("PendingManualApproval")
    changed()
    assert stored(pending)["status"] == "pending"
    assert decisions(pending) == []
    execution.takes()
    registry.says("Rejected", identity(ADA))
    changed()
    assert signed(pending).decision.decision == "rejected"


def test_a_status_that_no_request_waits_for_is_put_right(
    table: Any, decision_key: Any, execution: Waiting, registry: Registry
) -> None:
    """Also where the request is about going to production, which the registry has no word for."""
    production = stored_request()
    production = replace(production, request=replace(production.request, purpose="production"))
    table.put_item(Item=mark(production).item(TOKEN))
    registry.says("Approved", identity(ADA))
    registry.is_put_right("PendingManualApproval")
    changed()
    assert stored(table)["status"] == "pending"


@pytest.mark.parametrize("status", ["Approved", "PendingManualApproval"])
def test_what_was_decided_stands_against_the_registry(
    pending: Any, execution: Waiting, registry: Registry, status: str
) -> None:
    """It is put right to what was decided, and says so."""
    execution.takes()
    decide(pending, "rejected", "Ana")
    deciding.deliver(KEY["id"])
    registry.says(status, identity(ADA))
    why = registry.is_put_right("Rejected")
    changed()
    assert "rejected by Ana before" in why.value
    assert signed(pending).decision.by == "Ana"


def test_a_status_that_says_what_was_decided_is_left_alone(
    pending: Any, execution: Waiting, registry: Registry
) -> None:
    """So that putting right ends."""
    execution.takes()
    decide(pending)
    deciding.deliver(KEY["id"])
    registry.says("Approved", identity(ADA))
    changed()
    assert decisions(pending) == [key_of(PACKAGE)]


def test_a_status_without_a_decision_or_a_request_is_left_alone_while_it_waits(
    pending: Any, execution: Waiting, registry: Registry
) -> None:
    """Every version is registered so."""
    registry.says("PendingManualApproval", {})
    changed()
    assert stored(pending)["status"] == "pending"


def test_neither_token_nor_id_is_logged(
    asked: Any, execution: Waiting, registry: Registry, log_of: Any, mailbox: Mailbox
) -> None:
    """Whatever happens."""
    log = log_of(function)
    registry.says("Approved", identity(ADA))
    execution.fails("ThrottlingException")
    with pytest.raises(Exception, match="ThrottlingException"):
        changed()
    execution.takes()
    minute()
    registry.says("Approved", identity(ADA))
    ended()
    assert log.text
    for secret in (TOKEN, OPAQUE, SECRET, KEY["id"]):
        assert secret not in log.text + json.dumps(mailbox.mails())
