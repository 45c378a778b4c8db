"""The model production serves, as the table remembers it.

A table without a champion is a first run. A record that cannot be read is an error, never a first run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.names import PACKAGE_ARN, split_s3_uri
from workflow.contract.reading import VERSION, ContractError


@dataclass(frozen=True)
class Champion:
    """What a run must know of the model in production. Digests are SHA-256 in hex."""

    model_package_arn: str
    package_version: int
    model_digest: str
    archive_digest: str
    model_data_url: str

    @staticmethod
    def parse(record: Mapping[str, Any] | None) -> Champion | None:
        """Read the table's record; None where there is none. Raises ContractError on one that is not whole."""
        if record is None:
            return None
        version = record.get("package_version")
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise ContractError(f"the champion's package_version is {version!r}, not a version")
        champion = Champion(
            model_package_arn=_matching(record, "model_package_arn", PACKAGE_ARN),
            package_version=version,
            model_digest=_matching(record, "model_digest", r"[0-9a-f]{64}"),
            archive_digest=_matching(record, "archive_digest", r"[0-9a-f]{64}"),
            model_data_url=_matching(record, "model_data_url", r"s3://.+"),
        )
        split_s3_uri(champion.model_data_url)
        return champion

    def named(self) -> dict[str, Any]:
        """The champion's package, as the plan names it."""
        return {"model_package_arn": self.model_package_arn, "package_version": self.package_version}


def document(champion: Champion | None) -> dict[str, Any]:
    """``champion.json``: what the evaluation is told to measure the candidate against."""
    if champion is None:
        return {"version": VERSION, "champion": None}
    digests = {"model_digest": champion.model_digest, "archive_digest": champion.archive_digest}
    return {"version": VERSION, "champion": {**champion.named(), **digests}}


def _matching(record: Mapping[str, Any], key: str, pattern: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ContractError(f"the champion's {key} is {value!r}, which cannot be right")
    return value
