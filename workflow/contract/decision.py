"""A signed decision: the one thing a release believes.

The registry's status and a completed task token say that somebody changed them; a decision says who decided what about
which bytes, and carries a mark that only the decide function's key can make. The table keeps one for each version, and
one for each release that asks a second time before production. It is written once and never changed: whoever comes
second, at whichever door, is told what stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from workflow.contract.approval import APPROVED, REJECTED
from workflow.contract.document import Digest, Document, Matching, PackageArn, PackageVersion, Text
from workflow.contract.mark import to_mark
from workflow.contract.reading import ContractError
from workflow.contract.table_keys import decision_key
from workflow.contract.vote import Vote, count_people

LINK = "link"
COMMAND = "command"
REGISTRY = "registry"
ADOPTION = "adoption"
"""By which door a decision came: the mailed link, the command line, the model registry; or an administrator took over
what was approved before decisions were signed."""

Door = Annotated[str, Matching(f"{LINK}|{COMMAND}|{REGISTRY}|{ADOPTION}", "a door")]
Verb = Annotated[str, Matching(f"{APPROVED}|{REJECTED}", "approved or rejected")]


@dataclass(frozen=True, kw_only=True)
class Decision(Document):
    """What was decided about one version, and by whom.

    ``scope`` is empty for the version itself, and the ARN of a release for its second question, which holds for that
    release alone. ``evaluation_digest`` is the SHA-256 of the evaluation's figures (metrics.json) as the gate read
    them; ``image`` the address of the serving image. ``by`` is a name, or the ARN of an AWS identity; ``at_epoch`` is
    in seconds. ``dataset`` is what people call the version's data, ``smoke_digest`` that of what a release is tried
    with (StoredSmoke), ``report_digest`` the SHA-256 of the report that was looked at; each is empty in a decision from
    before it was signed for, and the last where there was no report. ``votes`` is everybody who said yes, the one who
    decided at the end; empty where one decided alone.
    """

    model_package_arn: PackageArn
    package_version: PackageVersion
    scope: str = ""
    archive_digest: Digest
    evaluation_digest: Digest
    image: Text
    decision: Verb
    by: Text
    door: Door
    comment: str
    at_epoch: int
    dataset: str = ""
    smoke_digest: str = ""
    report_digest: str = ""
    votes: tuple[Vote, ...] = ()

    @property
    def names(self) -> str:
        """Everybody whose decision it is, by name."""
        return ", ".join(vote.by for vote in self.votes) or self.by

    @property
    def people(self) -> int:
        """How many people decided."""
        return count_people(self.votes) or 1

    @property
    def approved(self) -> bool:
        """Whether it says yes."""
        return self.decision == APPROVED

    def message(self) -> bytes:
        """What is marked."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return to_mark("decision", text)


@dataclass(frozen=True)
class SignedDecision:
    """A decision with its mark, the bytes of KMS's ``Mac``, as the table keeps it."""

    decision: Decision
    mac: bytes

    def item(self) -> dict[str, Any]:
        """The table's item; its key says which version, and which release where it is about one."""
        return {
            "id": decision_key(self.decision.model_package_arn, self.decision.scope),
            "kind": "decision",
            "document": json.dumps(self.decision.document(), ensure_ascii=False),
            "mac": self.mac.hex(),
        }

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Read an item in plain values. Raises ContractError on one that is not whole, or lies under another's key."""
        try:
            document = json.loads(str(item.get("document")))
            mac = bytes.fromhex(str(item.get("mac")))
        except ValueError as error:
            raise ContractError(f"decision: cannot be read: {error}") from error
        decision = Decision.parse(document)
        if item.get("id") != decision_key(decision.model_package_arn, decision.scope):
            raise ContractError("decision: lies under the key of another version")
        return cls(decision, mac)
