"""Lists the approvals that wait for a person, and answers one through the page that the mail links to.

Answers exactly as a browser would, with the page's own nonce; there is no other way in.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud
from workflow.contract.approval import PENDING, ListedApproval
from workflow.contract.approval_link import link_to
from workflow.contract.document import read
from workflow.contract.table_items import plain_item
from workflow.contract.table_keys import APPROVAL
from workflow.errors import GreenlightError, UsageError

_LISTED = [field.name for field in fields(ListedApproval)]
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Approval:
    """One request that waits: its ``link`` is the mailed one. ``expires`` is in UTC."""

    link: str
    execution: str
    run: str
    purpose: str
    summary: str
    expires: datetime

    def document(self) -> dict[str, str]:
        """The request as JSON."""
        return {
            "run": self.run,
            "purpose": self.purpose,
            "summary": self.summary,
            "expires": self.expires.isoformat(timespec="seconds"),
            "link": self.link,
            "execution": self.execution,
        }


class Approvals:
    """The approval requests of one stack."""

    def __init__(self, cloud: Cloud, table: str, url: str) -> None:
        """Read them from ``table``; ``url`` is where the approval page is served."""
        self._cloud = cloud
        self._table = table
        self._url = url

    def pending(self) -> list[Approval]:
        """Every request that still waits, the one that expires first at the head."""
        # Names behind #, because some are words of DynamoDB's own. The task token stays in the table.
        items = self._cloud.pages(
            "dynamodb",
            "scan",
            "Items",
            TableName=self._table,
            FilterExpression="begins_with(#id, :prefix) AND #status = :pending",
            ProjectionExpression=", ".join(f"#{name}" for name in _LISTED),
            ExpressionAttributeNames={f"#{name}": name for name in (*_LISTED, "status")},
            ExpressionAttributeValues={":prefix": {"S": APPROVAL}, ":pending": {"S": PENDING}},
            ConsistentRead=True,
        )
        now = datetime.now(UTC)
        found = [self._approval(item) for item in items]
        return sorted((one for one in found if one.expires > now), key=lambda one: one.expires)

    def of_execution(self, execution: str) -> Approval | None:
        """The request an execution waits for now, or None where it is not there yet."""
        return next((one for one in self.pending() if one.execution == execution), None)

    def choose(self, wanted: str) -> Approval:
        """The one request that ``wanted`` means: a link, a run's name, or empty where only one waits."""
        waiting = self.pending()
        found = [one for one in waiting if not wanted or wanted in (one.link, one.run, one.execution)]
        if len(found) == 1:
            return found[0]
        if not waiting:
            raise UsageError("no approval waits for a decision.")
        runs = "\n".join(f"  {one.run}  {one.summary}" for one in waiting)
        what = "several approvals wait; name the run:" if not wanted else f"no approval of {wanted!r} waits; these do:"
        raise UsageError(f"{what}\n{runs}")

    def _approval(self, item: Mapping[str, Mapping[str, Any]]) -> Approval:
        listed = read(ListedApproval, plain_item(item), "approval")
        return Approval(
            link=link_to(self._url, listed.id.removeprefix(APPROVAL)),
            execution=listed.execution,
            run=listed.run,
            purpose=listed.purpose,
            summary=listed.summary,
            expires=datetime.fromtimestamp(listed.expires_epoch, UTC),
        )


def read_page(link: str) -> dict[str, Any]:
    """What the page behind a mailed link says, with the nonce its form would send."""
    request = urllib.request.Request(link, headers={"Accept": "application/json"})  # noqa: S310 - checked where it is sent
    return _send(request)


def decide(link: str, decision: str, *, name: str, comment: str) -> dict[str, Any]:
    """Open the page behind a mailed link and send its form with ``decision`` (approve or reject)."""
    page = read_page(link)
    if page.get("status") != "pending":
        raise GreenlightError(f"this request does not wait any more: {standing(page)}.")
    form = {"decision": decision, "name": name, "comment": comment, "nonce": str(page.get("nonce", ""))}
    request = urllib.request.Request(  # noqa: S310 - checked where it is sent
        link,
        data=urllib.parse.urlencode(form).encode(),
        headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
        method="POST",
    )
    return _send(request)


def standing(page: Mapping[str, Any]) -> str:
    """What became of a request, such as ``approved by Ada``."""
    by = f" by {page['by']}" if page.get("by") else ""
    return f"{page.get('decision') or page.get('status') or 'unknown'}{by}"


def _send(request: urllib.request.Request) -> dict[str, Any]:
    if not request.full_url.startswith(("https://", "http://")):
        raise UsageError(f"{request.full_url!r} is not a link.")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - http or https
            return _document(answer.read().decode())
    except urllib.error.HTTPError as error:
        page = _document(error.read().decode(errors="replace"))
        if error.code == 404:
            raise UsageError("there is no approval request behind this link.") from error
        said = page.get("error") or (f"the request is {standing(page)}" if page else "")
        raise GreenlightError(f"the approval page refused ({error.code}){f': {said}' if said else ''}.") from error
    except OSError as error:
        raise GreenlightError(f"the approval page cannot be reached: {error}") from error


def _document(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
