"""Lists the approvals that wait for a person, and answers one with the caller's own identity in AWS.

The link in the mail is another way in, which this knows nothing of: the table has only its digest.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud, signing_name
from workflow.contract.approval import APPROVED, PENDING, REJECTED, ListedApproval, item_id
from workflow.contract.approval_link import opaque_id_in
from workflow.contract.document import read
from workflow.contract.reading import read_object
from workflow.contract.table_items import plain_item
from workflow.contract.table_keys import APPROVAL
from workflow.errors import GreenlightError, UsageError

SIGN_IN = "sign-in"
"""What a page that tells nobody anything before they signed in is said to show."""

_LISTED = [field.name for field in fields(ListedApproval)]
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Approval:
    """One request. ``key`` is the table's; ``expires`` is in UTC.

    ``decided`` is empty while it waits for a decision; it says what was decided by whom where the run is not told yet.
    ``tally`` says while it waits how many of the people it takes said yes, and who; empty where nobody did.
    """

    key: str
    execution: str
    run: str
    purpose: str
    version: int
    summary: str
    expires: datetime
    decided: str = ""
    tally: str = ""

    def document(self) -> dict[str, Any]:
        """The request as JSON."""
        return {
            "run": self.run,
            "purpose": self.purpose,
            "version": self.version,
            "summary": self.summary,
            "state": self.state(),
            "expires": "" if self.decided else self.expires.isoformat(timespec="seconds"),
            "execution": self.execution,
            "answer": "" if self.decided else self.answer(),
        }

    def state(self) -> str:
        """How far it is, in words."""
        if self.decided:
            return f"{self.decided}; the run is not told yet"
        return f"{self.tally}; waits until {self.until()}" if self.tally else f"waits until {self.until()}"

    def until(self) -> str:
        """Until when it waits."""
        return f"{self.expires:%Y-%m-%d %H:%M} UTC"

    def answer(self) -> str:
        """How it is answered."""
        return f"open the mailed link, or: {self.command()}"

    def command(self) -> str:
        """What is typed to approve it."""
        return f"greenlight approve {self.run}"


class Approvals:
    """The approval requests of one stack."""

    def __init__(self, cloud: Cloud, table: str) -> None:
        """Read them from ``table``."""
        self._cloud = cloud
        self._table = table

    def all(self) -> list[Approval]:
        """Every request that still waits, and every one decided that was not delivered; the first to expire first."""
        # Names behind #, because some are words of DynamoDB's own. The task token stays in the table.
        items = self._cloud.pages(
            "dynamodb",
            "scan",
            "Items",
            TableName=self._table,
            FilterExpression="begins_with(#id, :prefix) AND "
            "(#status = :pending OR (#status IN (:approved, :rejected) AND #delivered = :no))",
            ProjectionExpression=", ".join(f"#{name}" for name in _LISTED),
            ExpressionAttributeNames={f"#{name}": name for name in (*_LISTED, "delivered")},
            ExpressionAttributeValues={
                ":prefix": {"S": APPROVAL},
                **{f":{status}": {"S": status} for status in (PENDING, APPROVED, REJECTED)},
                ":no": {"BOOL": False},
            },
            ConsistentRead=True,
        )
        now = datetime.now(UTC)
        found = [read_listed(item) for item in items]
        return sorted((one for one in found if one.expires > now), key=lambda one: one.expires)

    def pending(self) -> list[Approval]:
        """Every request that still waits, the one that expires first at the head."""
        return [one for one in self.all() if not one.decided]

    def of_execution(self, execution: str) -> Approval | None:
        """The request an execution waits for now, or None where it is not there yet."""
        return next((one for one in self.pending() if one.execution == execution), None)

    def look_up(self, key: str) -> dict[str, Any]:
        """How one request stands, as its page would say to a program."""
        answer = self._cloud.call(
            "dynamodb", "get_item", TableName=self._table, Key={"id": {"S": key}}, ConsistentRead=True
        )
        listed = read(ListedApproval, plain_item(answer["Item"]), "approval")
        return {"status": listed.status, "decision": listed.decision, "by": listed.decided_by}

    def choose(self, wanted: str) -> Approval:
        """The one request that ``wanted`` means: a link, a run's name, a version, or empty where only one waits."""
        waiting = self.pending()
        if not waiting:
            raise UsageError("no approval waits for a decision.")
        opaque_id = opaque_id_in(wanted)
        key = item_id(opaque_id) if opaque_id else ""
        found = [
            one
            for one in waiting
            if not wanted or wanted in (one.run, one.execution, str(one.version)) or (key and key == one.key)
        ]
        if len(found) == 1:
            return found[0]
        if not found:
            what, named = f"no approval of {'this link' if key else repr(wanted)} waits; these do:", waiting
        elif wanted:
            what, named = f"{len(found)} approvals carry {wanted!r}; name the version, or the execution:", found
        else:
            what, named = "several approvals wait; name the run, or the version:", found
        runs = "\n".join(f"  {one.run}  version {one.version}  {one.purpose}  {one.execution}" for one in named)
        raise UsageError(f"{what}\n{runs}")


def read_listed(item: Mapping[str, Mapping[str, Any]]) -> Approval:
    """A request as the table's scan gives it."""
    listed = read(ListedApproval, plain_item(item), "approval")
    decided = listed.status in (APPROVED, REJECTED)
    return Approval(
        key=listed.id,
        execution=listed.execution,
        run=listed.run,
        purpose=listed.purpose,
        version=listed.package_version,
        summary=listed.summary,
        expires=datetime.fromtimestamp(listed.expires_epoch, UTC),
        decided=f"{listed.status} by {listed.decided_by}" if decided else "",
        tally="" if decided else listed.tally,
    )


def decide(cloud: Cloud, url: str, approval: Approval, decision: str, comment: str) -> dict[str, Any]:
    """Answer a request (approve or reject) at the stack's signed address; what then stands.

    Raises GreenlightError where something else stands, or nobody waits any more; UsageError where the caller may not.
    """
    order = {"request": approval.key, "decision": decision, "comment": comment}
    status, body = cloud.post_signed(url, json.dumps(order).encode())
    told = read_object(body.decode(errors="replace"))
    if status in (200, 202):
        return told
    if status == 403:
        if told.get("error"):
            raise UsageError(f"nothing was decided: {told['error']}")
        raise UsageError(f"AWS does not let you decide: you need {rights_at(url)}.")
    if status == 410:
        raise GreenlightError(f"this request does not wait any more: {standing(told)}.")
    said = told.get("error") or (f"it is {standing(told)}" if told else f"answer {status}")
    raise GreenlightError(f"nothing was decided now: {said}.".replace("..", "."))


def rights_at(url: str) -> str:
    """What a caller of the stack's signed address needs, by what it stands behind."""
    if signing_name(url) == "execute-api":
        return "execute-api:Invoke on POST /decide of the stack's API that ends with -approvals"
    return "lambda:InvokeFunctionUrl and lambda:InvokeFunction on the stack's function that ends with -decide-command"


def read_page(link: str) -> dict[str, Any]:
    """What the page behind a mailed link says to a program, which may only read; its ``status`` may be SIGN_IN."""
    if not re.match("https?://", link):
        raise UsageError(f"{link!r} is not a link.")
    request = urllib.request.Request(link, headers={"Accept": "application/json"})  # noqa: S310 - http or https
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - http or https
            return read_object(answer.read().decode())
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise UsageError("there is no approval request behind this link.") from error
        if error.code == 401:
            return {"status": SIGN_IN}
        raise GreenlightError(f"the approval page refused ({error.code}).") from error
    except OSError as error:
        raise GreenlightError(f"the approval page cannot be reached: {error}") from error


def standing(page: Mapping[str, Any]) -> str:
    """What became of a request, such as ``approved by Ada``."""
    if page.get("status") == "closed":
        return "the run ended, was stopped, asked anew, or was answered in another way"
    by = f" by {page['by']}" if page.get("by") else ""
    return f"{page.get('decision') or page.get('status') or 'unknown'}{by}"
