"""A model that production has served: found by the beginning of its digest, which every answer's id holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.answer_name import DIGITS
from workflow.contract.document import Digest, Document, Folder, PackageVersion
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.table_keys import served_key


@dataclass(frozen=True)
class ServedModel(Document):
    """The model's whole digest, its version, and the evaluation that says which classes it knows."""

    model_digest: Digest
    package_version: PackageVersion
    evaluation_uri: Folder

    @staticmethod
    def of(plan: ReleasePlan) -> ServedModel:
        """What a release has production serve, or a challenge a part of its requests."""
        return ServedModel(plan.model_digest, plan.package_version, plan.evaluation_uri)

    def item(self) -> dict[str, Any]:
        """It as the table's item."""
        return {"id": served_key(self.model_digest[:DIGITS]), **self.document()}
