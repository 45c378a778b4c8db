"""Whatever happens in whatever order: one decision for a version, delivered once to whoever waits for it, or refused.

It takes one, two or three people, each counted once whichever doors they come by. Links, the command line and the
registry decide; forms are replayed; functions break off between the record and the delivery, and after it; requests
expire; runs are stopped, redriven and overtaken by newer ones. Step Functions is a small model that knows which tokens
are waited for; the table and the key are moto's.
"""

from __future__ import annotations

import contextlib
import copy
import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from lambdas.ask_approval import handler as asking
from lambdas.decide import attend, command, deciding, services, signing_in
from lambdas.decide.answer import VERBS as VERB_OF
from lambdas.decide.answer import Answer, UnusableError
from lambdas.decide.approvers import Approvers
from lambdas.decide.identity import Person, Policy
from tests.lambdas.ask_approval.test_ask_approval import PRODUCTION, RELEASE
from tests.lambdas.conftest import ENVIRONMENT, Context, create_key, create_table
from tests.lambdas.decide.test_attend import MACHINE, ended, minute
from tests.lambdas.decide.visitor import Visitor
from workflow.contract.approval import StoredApproval, item_id
from workflow.contract.decision import SignedDecision
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import decision_key
from workflow.contract.vote import count_people

GROUP = RELEASE["package_arn"].rpartition("/")[0]
# More often a yes, where it takes several.
VERBS = st.sampled_from(["approve", "approve", "reject"])
PEOPLE = {name: f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "ben", "eve", "ana")}
WHO = st.sampled_from(sorted(PEOPLE))


@dataclass
class StepFunctions:
    """Who waits with which token, what each was told, and whose tokens they are."""

    waiting: set[str] = field(default_factory=set)
    told: list[tuple[str, str]] = field(default_factory=list)
    executions: dict[str, str] = field(default_factory=dict)
    history: list[tuple[str, Any]] = field(default_factory=list)
    breaks: str = ""

    def send_task_success(self, taskToken: str, output: str) -> None:
        """Take an answer once; ``breaks`` says that this call fails before it is taken, or that its answer is lost."""
        breaks, self.breaks = self.breaks, ""
        if breaks == "before":
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "SendTaskSuccess")
        if taskToken not in self.waiting:
            raise ClientError({"Error": {"Code": "TaskTimedOut"}}, "SendTaskSuccess")
        self.waiting.remove(taskToken)
        self.told.append((taskToken, json.loads(output)["decision"]))
        self.history.append((self.executions[taskToken], json.loads(output)))
        if breaks == "after":
            raise ClientError({"Error": {"Code": "InternalError"}}, "SendTaskSuccess")

    def has_taken(self, execution: str, told: dict[str, Any]) -> bool:
        """What the history says."""
        return (execution, told) in self.history


@dataclass
class SageMaker:
    """The registry: the status of every version, and who set it."""

    versions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:
        """One version."""
        properties = {"archive_digest": "b" * 64, "evaluation_digest": "c" * 64}
        return {
            "ModelPackageArn": ModelPackageName,
            "CustomerMetadataProperties": properties,
            "InferenceSpecification": {"Containers": [{"Image": "serving:1"}]},
            **self.versions[ModelPackageName],
        }

    def update_model_package(self, ModelPackageArn: str, ModelApprovalStatus: str, **_: str) -> None:
        """Set a status."""
        self.versions[ModelPackageArn] = {"ModelApprovalStatus": ModelApprovalStatus}


@dataclass
class Mails:
    """What was mailed."""

    sent: list[str] = field(default_factory=list)

    def publish(self, **mail: str) -> None:
        """Send one."""
        self.sent.append(mail["Message"])


@dataclass(frozen=True)
class Asked:
    """One request: its link's id, its token, and what it is about."""

    opaque_id: str
    token: str
    execution: str
    version: int
    purpose: str

    @property
    def decision(self) -> str:
        """The key of the decision that answers it."""
        return decision_key(f"{GROUP}/{self.version}", self.execution if self.purpose == "production" else "")


class Orders(RuleBasedStateMachine):
    """Every step is something that a person, AWS or chance does."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.account = mock_aws()
        self.account.start()
        self.table = create_table()
        for alias in ("DECISION_KEY", "REQUEST_KEY"):
            create_key(ENVIRONMENT[alias])
        self.machine, self.registry, self.mails = StepFunctions(), SageMaker(), Mails()
        self.patch.setattr(deciding, "stepfunctions", self.machine)
        self.patch.setattr(deciding, "has_taken", self.machine.has_taken)
        self.patch.setattr(attend, "sagemaker", self.registry)
        self.patch.setattr(attend, "sns", self.mails)
        self.patch.setattr(asking, "sns", self.mails)
        for module in (services, asking):
            self.patch.setattr(module.logger._logger, "disabled", True)
        self.asked: list[Asked] = []
        self.pages: list[tuple[Asked, Visitor, str, str, str]] = []
        self.said_yes: set[tuple[str, str]] = set()
        self.stood: dict[str, SignedDecision] = {}

    def teardown(self) -> None:
        """Once nothing breaks any more, everybody who waits for what is decided is told, and nothing is left over."""
        try:
            self.machine.breaks = ""
            for _ in range(2):
                minute()
            self.everything_holds()
            for asked in self.asked:
                approval = self.approval(asked)
                assert not approval.undelivered()
                assert approval.delivered or asked.token not in {token for token, _ in self.machine.told}
                assert not (asked.token in self.machine.waiting and approval.waits(self.now()) and self.stands(asked))
        finally:
            self.patch.undo()
            self.account.stop()

    @staticmethod
    def now() -> int:
        """The time in seconds."""
        return int(time.time())

    def approval(self, asked: Asked) -> StoredApproval:
        """A request as it stands."""
        return StoredApproval.parse(deciding.find(item_id(asked.opaque_id)) or {})

    def stands(self, asked: Asked) -> bool:
        """Whether something was decided about what a request asks."""
        return asked.decision in self.stood

    def ask(self, event: dict[str, Any], execution: str, version: int) -> None:
        """An execution asks, and waits."""
        token = f"token-{len(self.asked)}"
        about = copy.deepcopy(event)
        about |= {"token": token, "execution": execution, "package_arn": f"{GROUP}/{version}"}
        if "release" in about:
            about["release"] |= {"package_version": version, "model_package_arn": f"{GROUP}/{version}"}
        self.machine.waiting.add(token)
        self.machine.executions[token] = execution
        asking.handler(about, Context())
        (link,) = (line for line in self.mails.sent[-1].splitlines() if "/a/" in line)
        self.asked.append(Asked(link.rpartition("/")[2], token, execution, version, event["purpose"]))

    @initialize(required=st.sampled_from([1, 2, 2, 3]))
    def first_run(self, required: int) -> None:
        """There is always something to decide on. Where it takes one, the link is anybody's; else people sign in."""
        stack = {"REQUIRED_APPROVALS": str(required), "SELF_APPROVAL": "allow"}
        self.required, self.signed_in = required, "ana"
        if required > 1:
            stack["OIDC_ISSUER"] = "https://login.example.com"
            self.patch.setattr(services, "policy", Policy.read(stack))
            self.patch.setattr(signing_in, "recognise", lambda *_: self.person())
        self.patch.setattr(services, "approvers", Approvers.read(stack))
        self.another_run()

    def person(self) -> Person:
        """Who is signed in now."""
        return Person(f"subject-{self.signed_in}", f"{self.signed_in}@example.com")

    def says(self, key: str, verb: str, who: str) -> None:
        """Somebody may have said yes to something from now on."""
        if verb == "approve":
            self.said_yes.add((key, who))

    @precondition(lambda self: len(self.asked) < 8)
    @rule()
    def another_run(self) -> None:
        """A newer run registers a version of its own, and asks."""
        version = 1 + len({asked.version for asked in self.asked})
        self.registry.versions[f"{GROUP}/{version}"] = {"ModelApprovalStatus": "PendingManualApproval"}
        self.ask(RELEASE, f"arn:aws:states:us-east-1:123456789012:execution:build:run-{version}", version)

    @precondition(lambda self: len(self.asked) < 8)
    @rule(data=st.data())
    def a_release_asks_before_production(self, data: st.DataObject) -> None:
        """A second question, of the release's own; any version may be released, and more than once."""
        version = data.draw(st.sampled_from(sorted({asked.version for asked in self.asked})))
        name = f"arn:aws:states:us-east-1:123456789012:execution:release:go-{len(self.asked)}"
        self.ask(PRODUCTION, name, version)

    @rule(data=st.data())
    def a_run_is_stopped(self, data: st.DataObject) -> None:
        """The event may be lost, or come much later."""
        asked = data.draw(st.sampled_from(self.asked))
        self.machine.waiting -= {other.token for other in self.asked if other.execution == asked.execution}
        if data.draw(st.booleans(), label="the event arrives"):
            with contextlib.suppress(ClientError):
                ended(asked.execution, at=time.time() + data.draw(st.sampled_from([-3600, 1])))

    @precondition(lambda self: len(self.asked) < 8)
    @rule(data=st.data())
    def a_run_is_redriven(self, data: st.DataObject) -> None:
        """It asks anew, about the same version, unless it took its answer: it goes on behind the question then."""
        asked = data.draw(st.sampled_from(self.asked))
        if asked.execution in {execution for execution, _ in self.machine.history}:
            return
        self.machine.waiting -= {other.token for other in self.asked if other.execution == asked.execution}
        self.ask(RELEASE if asked.purpose == "release" else PRODUCTION, asked.execution, asked.version)

    @rule(data=st.data(), verb=VERBS, who=WHO)
    def somebody_opens_a_link_and_chooses(self, data: st.DataObject, verb: str, who: str) -> None:
        """Which decides nothing."""
        self.signed_in = who
        asked = data.draw(st.sampled_from(self.asked))
        before = self.approval(asked)
        if before.waits(self.now()):
            visitor = Visitor(asked.opaque_id)
            # Who said yes is offered no second one.
            with contextlib.suppress(ValueError):
                self.pages.append((asked, visitor, visitor.choose(verb)["body"], verb, who))
        assert self.approval(asked) == before

    @precondition(lambda self: self.pages)
    @rule(data=st.data())
    def somebody_types_the_version(self, data: st.DataObject) -> None:
        """Perhaps once more, perhaps long after the page was opened, perhaps another version."""
        asked, visitor, page, verb, who = data.draw(st.sampled_from(self.pages))
        self.signed_in = who
        self.says(asked.decision, verb, who if self.required > 1 else "ana")
        version = data.draw(st.sampled_from([asked.version, asked.version, 99]))
        visitor.confirm(page, str(version))

    @rule(data=st.data(), verb=VERBS, several=st.lists(WHO, min_size=1, max_size=3))
    def people_decide_at_the_command_line(self, data: st.DataObject, verb: str, several: list[str]) -> None:
        """As identities in AWS, one after another, or one of them again."""
        asked = data.draw(st.sampled_from(self.asked))
        order = {"request": item_id(asked.opaque_id), "decision": verb, "comment": ""}
        for who in several:
            self.says(asked.decision, verb, who)
            context = {"http": {"method": "POST"}, "authorizer": {"iam": {"userArn": PEOPLE[who]}}}
            command.handler({"requestContext": context, "body": json.dumps(order)}, Context())

    @rule(
        data=st.data(),
        status=st.sampled_from(["Approved", "Rejected", "PendingManualApproval"]),
        who=st.sampled_from([*PEOPLE.values(), MACHINE, ""]),
    )
    def somebody_changes_the_registry(self, data: st.DataObject, status: str, who: str) -> None:
        """A person, the machine itself, or somebody whom nobody knows; the event comes twice."""
        arn = data.draw(st.sampled_from(sorted(self.registry.versions)))
        self.says(decision_key(arn), "approve" if status == "Approved" else "", who.rpartition("/")[2])
        by = {"IamIdentity": {"Arn": who}} if who else {}
        self.registry.versions[arn] = {"ModelApprovalStatus": status, "LastModifiedBy": by}
        event = {"detail-type": "SageMaker Model Package State Change", "detail": {"ModelPackageArn": arn}}
        for _ in range(2):
            with contextlib.suppress(ClientError):
                attend.handler(event, Context())

    @rule(data=st.data(), verb=VERBS, several=st.lists(WHO, min_size=1, max_size=3))
    def functions_break_off_between_record_and_delivery(
        self, data: st.DataObject, verb: str, several: list[str]
    ) -> None:
        """The answers are in the table, and nobody was told. All of them read the request at one moment."""
        asked = data.draw(st.sampled_from(self.asked))
        read = self.approval(asked)
        for who in several:
            self.says(asked.decision, verb, who)
            with contextlib.suppress(UnusableError):
                deciding.take(read, Answer(VERB_OF[verb], who.capitalize(), ""), self.now())

    @rule(breaks=st.sampled_from(["before", "after"]))
    def the_next_delivery_breaks(self, breaks: str) -> None:
        """Before the answer was taken, or after."""
        self.machine.breaks = breaks

    @rule(data=st.data())
    def a_request_expires(self, data: st.DataObject) -> None:
        """And with it the state that waits for it."""
        asked = data.draw(st.sampled_from(self.asked))
        if self.approval(asked).waits(self.now()):
            self.machine.waiting.discard(asked.token)
            self.table.update_item(
                Key={"id": item_id(asked.opaque_id)},
                UpdateExpression="SET expires_epoch = :past",
                ExpressionAttributeValues={":past": self.now() - 1},
            )

    @rule()
    def a_minute_passes(self) -> None:
        """What could not be attended to is tried again in the next."""
        with contextlib.suppress(attend.AttentionError):
            minute()

    @invariant()
    def everything_holds(self) -> None:
        """What stands first: the others are about it."""
        self.what_was_decided_stands()
        self.enough_people_approved()
        self.nobody_was_told_anything_else()
        self.what_is_over_decides_nothing_any_more()
        self.the_registry_says_no_more_than_was_decided()

    def what_was_decided_stands(self) -> None:
        """Of every version, and of every release that asks: the first decision, and no other, ever."""
        items = [found_item({"Item": item}) or {} for item in self.table.scan()["Items"]]
        found = {item["id"]: SignedDecision.parse(item) for item in items if item["id"].startswith("decision#")}
        for key, decision in self.stood.items():
            assert found[key] == decision
        self.stood = found

    def enough_people_approved(self) -> None:
        """As many as it takes, no two of them one, and each said yes to this."""
        for key, standing in self.stood.items():
            decision = standing.decision
            if decision.approved:
                named = [vote.by for vote in decision.votes] or [decision.by]
                people = {by.rpartition("/")[2].partition("@")[0].lower() for by in named}
                assert len(people) == len(named) == self.required
                assert {(key, who) for who in people} <= self.said_yes

    def nobody_was_told_anything_else(self) -> None:
        """Each at most once, and what was decided about its own version, or its own release."""
        tokens = [token for token, _ in self.machine.told]
        assert len(tokens) == len(set(tokens))
        by_token = {asked.token: asked for asked in self.asked}
        for token, decision in self.machine.told:
            assert self.stood[by_token[token].decision].decision.decision == decision

    def what_is_over_decides_nothing_any_more(self) -> None:
        """No token and no secret stays; and only who was told counts as told, by whichever of its requests.

        What waits does so for somebody.
        """
        told = {execution for execution, _ in self.machine.history}
        for asked in self.asked:
            item = deciding.find(item_id(asked.opaque_id)) or {}
            approval = StoredApproval.parse(item)
            if approval.status == "pending":
                assert count_people(approval.said_yes) == len(approval.votes) < self.required
            if approval.delivered or approval.status in ("closed", "expired"):
                assert not {"token", "secret"} & set(item)
            if approval.delivered:
                assert asked.execution in told

    def the_registry_says_no_more_than_was_decided(self) -> None:
        """Whoever set it, the machine itself too: a stranger may have told it what to mark."""
        for arn, version in self.registry.versions.items():
            status = version["ModelApprovalStatus"]
            if status != "PendingManualApproval":
                standing = self.stood[decision_key(arn)].decision
                assert standing.approved == (status == "Approved")


def test_one_decision_for_a_version_in_whatever_order_things_happen() -> None:
    """See the module's first lines."""
    run_state_machine_as_test(
        Orders,
        settings=settings(
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
