"""The model that production serves: as the table remembers it, and as ``champion.json`` names it to the evaluation.

Reading fails closed: only where there is no record at all does production serve nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Address, Digest, Document, PackageArn, PackageVersion, Text
from workflow.contract.mark import to_mark
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.release_approval import ReleaseApproval
from workflow.contract.serving import BATCH
from workflow.contract.table_keys import CHAMPION

MARK = "mac"
"""What the item's mark is called."""

NOT_RECORDED = (
    "the record of what production serves carries no mark of the function that records: it was changed, or is older "
    "than the stack's last update. Release what production serves once more by hand, which records it anew: start the "
    "release machine with its model_package_arn alone"
)


@dataclass(frozen=True)
class Champion:
    """What a candidate is measured against: the package, and the digests of the model and of its archive."""

    model_package_arn: PackageArn
    package_version: PackageVersion
    model_digest: Digest
    archive_digest: Digest


@dataclass(frozen=True)
class ChampionDocument(Document):
    """``champion.json``. None where there is no champion, or where nothing is compared with it."""

    champion: Champion | None


@dataclass(frozen=True)
class ChampionRecord(Document):
    """What the table says that production serves, since when, which execution released it, and who approved it.

    Its item carries a mark that only the function which records can make: what a candidate is compared with is the
    record's to say. ``approval`` is None in a record from before decisions were signed; ``serving`` is how it is served
    (``Serving.text``), empty in a record from before there were several ways.
    """

    model_package_arn: PackageArn
    package_version: PackageVersion
    model_digest: Digest
    archive_digest: Digest
    model_data_url: Address
    production_configuration: Text
    released_epoch: int
    execution: Text
    approval: ReleaseApproval | None = None
    serving: str = ""

    @property
    def by_batches(self) -> bool:
        """Whether production has no endpoint: what is recorded answers batches alone."""
        return f"serve={BATCH}" in self.serving.split()

    def item(self) -> dict[str, Any]:
        """The record as the table's item, without its mark."""
        return {"id": CHAMPION, **self.document()}

    def marked(self, mac: bytes) -> dict[str, Any]:
        """The record as the table's item, with its mark: the bytes of KMS's ``Mac``."""
        return {**self.item(), MARK: mac.hex()}

    def message(self) -> bytes:
        """What is marked."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return to_mark("champion", text)

    def champion(self) -> Champion:
        """What the evaluation is told of it."""
        return Champion(self.model_package_arn, self.package_version, self.model_digest, self.archive_digest)


def read_champion(item: Mapping[str, Any] | None) -> ChampionRecord | None:
    """Read the table's item, in plain values; None where there is none. Raises ContractError on one not whole."""
    if item is None:
        return None
    try:
        record = ChampionRecord.parse(item)
        split_s3_uri(record.model_data_url)
    except ContractError as error:
        raise ContractError(
            f"the record of what production serves is not whole: mend the table's item {CHAMPION} ({error})"
        ) from error
    return record
