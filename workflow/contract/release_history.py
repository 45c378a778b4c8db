"""What was released and when: one line of the table for each release, written once and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.champion import ChampionRecord
from workflow.contract.document import Text
from workflow.contract.table_keys import release_key


@dataclass(frozen=True, kw_only=True)
class ReleaseRecord(ChampionRecord):
    """What production served from then on, and how that came. ``run`` is the release's own name.

    ``previous_configuration`` is empty where production did not exist before; ``skipped_question`` says that nobody was
    asked before production, where the stack demanded it.
    """

    run: Text
    started_by: str
    previous_configuration: str
    skipped_question: bool = False

    def item(self) -> dict[str, Any]:
        """The line as the table's item."""
        return {"id": release_key(self.released_epoch, self.package_version), "kind": "release", **self.document()}
