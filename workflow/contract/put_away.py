"""Which endpoints are being put away, so that no release counts on one of them: a note in the table.

It is written before the release lock is looked at, and read after the lock was taken. So either who puts an endpoint
away sees the release and leaves it, or the release sees the note and waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import read, render
from workflow.contract.table_keys import PUT_AWAY


@dataclass(frozen=True)
class PutAwayRecord:
    """The names of the endpoints, and since when they are being put away."""

    endpoints: tuple[str, ...]
    since_epoch: int

    def item(self) -> dict[str, Any]:
        """The record as the table's item."""
        return {"id": PUT_AWAY, **render(self)}


def read_put_away(item: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The names in the table's item, in plain values; none without one. Raises ContractError on half a one."""
    return () if item is None else read(PutAwayRecord, item, PUT_AWAY).endpoints
