"""An approval request: what a person is asked, how the table keeps it, and what the waiting execution is told.

The opaque id in the mailed link is a secret: the table knows its digest alone. So is the task token that completes the
waiting state. It is written to the table beside a StoredApproval, is a part of no type, is read back by whoever
delivers the decision, and by nobody else, and is deleted as soon as nobody needs it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Self

from workflow.contract.console_links import Places
from workflow.contract.document import Document, Matching, PackageVersion, Text, read, render
from workflow.contract.mark import to_mark
from workflow.contract.outcome import Outcome
from workflow.contract.policy import Loosened
from workflow.contract.reading import VERSION, ContractError
from workflow.contract.scores import FIGURE_NAMES
from workflow.contract.table_keys import APPROVAL
from workflow.contract.vote import MarkedVote, Vote

PENDING = "pending"
APPROVED = "approved"
REJECTED = "rejected"
EXPIRED = "expired"
CLOSED = "closed"
"""How far a request has come; it is closed where nobody waits for its decision any more."""

Purpose = Annotated[str, Matching("release|production", "release or production")]
Status = Annotated[str, Matching(f"{PENDING}|{APPROVED}|{REJECTED}|{EXPIRED}|{CLOSED}", "a status of a request")]


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of the candidate beside production's; fractions of 1, None where there is none to compare.

    ``interval`` is the candidate's 95 % interval in words, empty where there is none.
    """

    name: str
    candidate: float | None
    production: float | None
    interval: str = ""


@dataclass(frozen=True, kw_only=True)
class ApprovalRequest(Document):
    """A question for a person: may this version be released, or go from staging to production?

    ``production_version`` is 0 where nothing in production was compared with. ``figures`` begin with the one by which
    models of the task are compared. ``trained_on`` is the instance, or empty, ``cost`` what the run cost in words,
    ``training_job`` and ``endpoint`` are names of what a person may look at. ``loosened`` is what the run asks less of
    than its stack demands. ``outcome`` is what the report counts, None where it counts nothing; ``asks_again`` says
    that the release will ask once more before production. ``archive_digest``, ``evaluation_digest`` (of metrics.json),
    ``image`` and ``smoke_digest`` (of what a release is tried with) say which bytes it is about, ``report_digest``
    which report it was asked with, empty for none. What has a default was not there from the beginning, and a request
    waits for days.
    """

    purpose: Purpose
    machine: str
    run: str
    execution: str
    name: str
    package_version: PackageVersion
    production_version: int
    compared: bool = True
    verdict: str
    reasons: tuple[str, ...]
    figures: tuple[ComparedFigure, ...]
    changed: str
    data: str
    trained_on: str = ""
    cost: str = ""
    training_job: str = ""
    endpoint: str = ""
    loosened: tuple[Loosened, ...] = ()
    outcome: Outcome | None = None
    asks_again: bool = False
    started_by: str
    expires_epoch: int
    evaluation_uri: str
    report_uri: str
    archive_digest: str = ""
    evaluation_digest: str = ""
    image: str = ""
    report_digest: str = ""
    smoke_digest: str = ""

    def found_nothing(self) -> bool:
        """Whether the model found nothing: a figure of 0, or no object at the confidence with which it would serve."""
        known = {figure.name: figure.candidate for figure in self.figures}
        return bool(self.figures) and 0 in (self.figures[0].candidate, known.get(FIGURE_NAMES["recall"]))

    def document(self) -> dict[str, Any]:
        """The request as JSON, with every field: the page's readers know nothing of defaults."""
        return {"version": VERSION, **asdict(self)}

    def places(self) -> Places:
        """What a person may want to look at in the AWS console before deciding."""
        return Places(
            execution=self.execution,
            training_job=self.training_job,
            endpoint=self.endpoint,
            report=self.report_uri,
        )

    def title(self) -> str:
        """What is decided on, in a few words."""
        return f"{self.name} v{self.package_version}"

    def question(self) -> str:
        """What is asked, as the page's title and the mail's first line put it."""
        if self.purpose == "release":
            return f"Approve release of {self.title()}?"
        return f"Put {self.title()} into production?"


@dataclass(frozen=True, kw_only=True)
class StoredApproval:
    """A request as the table keeps it; times are epoch seconds.

    ``subject`` is that of the mail; ``secret`` is what the nonces of the page's own forms are made with, empty once
    nobody may decide. ``decision`` and what belongs to it are empty until somebody decided; ``door`` is by which way it
    came; ``delivered`` says whether the execution was told, ``reminded`` whether people were reminded. ``votes`` are
    what people said yes with, in a stack that wants more than one to. ``mac`` is the
    mark in hex that the function which asks has made, empty for a request that somebody else put there; ``document`` is
    the request's JSON as it is stored, empty before it is.
    """

    id: Text
    status: Status
    delivered: bool
    package_arn: str
    subject: str
    request: ApprovalRequest
    created_epoch: int
    expires_epoch: int
    decision: str = ""
    decided_by: str = ""
    comment: str = ""
    door: str = ""
    decided_epoch: int = 0
    secret: str = ""
    reminded: bool = False
    votes: tuple[MarkedVote, ...] = ()
    mac: str = ""
    document: str = field(default="", compare=False, repr=False)

    def text(self) -> str:
        """The request's JSON, as it is stored or will be."""
        return self.document or json.dumps(self.request.document(), ensure_ascii=False)

    def message(self) -> bytes:
        """What is marked: which link shows what, about which version. What changes while it waits is not in it.

        The stored JSON as it is: a request waits for days, and a later reader may know more fields.
        """
        asked = json.dumps([self.id, self.package_arn, self.subject, self.text()])
        return to_mark("request", asked)

    def item(self, token: str) -> dict[str, Any]:
        """The table's item. What a list tells of a request stands in it a second time, beside the request's JSON."""
        asked = render(self)
        document = asked.pop("request")
        if self.votes:
            asked["votes"] = [vote.text() for vote in self.votes]
        told = {name: document[name] for name in ("purpose", "machine", "run", "execution", "package_version")}
        return {
            **asked,
            "kind": "approval",
            "token": token,
            **told,
            "summary": document["verdict"],
            "started_by": document["started_by"],
            "document": self.text(),
        }

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Read an item as boto3's resource gives it. Raises ContractError on one that is not whole."""
        plain = {key: int(value) if isinstance(value, Decimal) else value for key, value in item.items()}
        try:
            request = json.loads(str(item.get("document")))
        except ValueError as error:
            raise ContractError(f"the request's document is no JSON: {error}") from error
        stored = read(cls, {**plain, "request": request}, "approval")
        if stored.status == PENDING and not stored.secret:
            raise ContractError("approval.secret: a request that waits must have one")
        return stored

    @property
    def scope(self) -> str:
        """What a decision holds for: the version (empty), or the release alone that asked before production."""
        return "" if self.request.purpose == "release" else self.request.execution

    @property
    def said_yes(self) -> tuple[Vote, ...]:
        """Everybody who said yes so far, in a stack that wants more than one to."""
        return tuple(marked.vote for marked in self.votes)

    def waits(self, now_epoch: int) -> bool:
        """Whether a decision can still be made; the marked request says until when, whatever the item says."""
        return self.status == PENDING and now_epoch < min(self.expires_epoch, self.request.expires_epoch)

    def expired(self, now_epoch: int) -> bool:
        """Whether nobody decided in time."""
        return self.status == EXPIRED or (self.status == PENDING and not self.waits(now_epoch))

    def undelivered(self) -> bool:
        """Whether a decision was made that the execution has not been told of."""
        return self.status in (APPROVED, REJECTED) and not self.delivered


@dataclass(frozen=True, kw_only=True)
class ListedApproval:
    """What a list reads of an item: everything but the key may be missing, so that one odd item hides no other.

    ``tally`` is how many of the people it takes said yes, and who, in words.
    """

    id: Text
    status: str = ""
    purpose: str = ""
    run: str = ""
    execution: str = ""
    package_version: int = 0
    subject: str = ""
    summary: str = ""
    decision: str = ""
    decided_by: str = ""
    expires_epoch: float = 0.0
    tally: str = ""


@dataclass(frozen=True)
class PublicApproval:
    """What a program reads of the page: a request and how far it has come; times are epoch seconds.

    ``status`` is that of the item, or ``expired``. ``nonce`` is that of the form that comes next, None where there is
    none or the page's own cookie did not come along. ``decision`` and what belongs to it are None where nobody decided,
    and where nobody waited for it any more. ``error`` says why a form was not accepted; ``tally``, while it waits, how
    many of the people it takes said yes, and who.
    """

    status: str
    subject: str
    summary: str
    nonce: str | None
    expires: int
    decision: str | None
    by: str | None
    comment: str | None
    door: str | None
    at: int | None
    delivered: bool
    request: ApprovalRequest
    error: str = ""
    tally: str = ""


@dataclass(frozen=True)
class DeliveredDecision:
    """What the waiting state is told, and keeps at ``$.approval``: who decided what and why; ``at`` is ISO 8601."""

    decision: str
    by: str
    comment: str
    at: str


def item_id(opaque_id: str) -> str:
    """The key of a request's item: whoever reads it cannot tell the link."""
    return f"{APPROVAL}{hashlib.sha256(opaque_id.encode()).hexdigest()}"


def token_in(item: Mapping[str, Any]) -> str:
    """The task token of an item: for the delivery alone. Empty once nobody needs it."""
    return str(item.get("token", ""))
