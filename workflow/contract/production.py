"""Whether production serves what the last release recorded, or a configuration that somebody else put there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.champion import ChampionRecord
from workflow.contract.document import Text, read, render
from workflow.contract.table_keys import FOREIGN


def is_foreign(serving: str, recorded: ChampionRecord | None) -> bool:
    """Whether no release recorded the configuration that production serves; empty for a production that is not there.

    While a release is under way, production may be ahead of the record: whoever asks has to know that none is.
    """
    return bool(serving) and serving != ("" if recorded is None else recorded.production_configuration)


def describe_foreign(endpoint: str, serving: str, recorded: ChampionRecord | None) -> str:
    """The same in words."""
    last = "none has recorded anything"
    if recorded is not None:
        last = "batches serve" if recorded.by_batches else f"{recorded.production_configuration} is recorded"
    return f"{endpoint} serves {serving}, which no release recorded: {last}"


@dataclass(frozen=True)
class ForeignRecord:
    """The foreign configuration that everyone was told of, and when."""

    configuration: Text
    told_epoch: int

    def item(self) -> dict[str, Any]:
        """The record as the table's item."""
        return {"id": FOREIGN, **render(self)}

    @staticmethod
    def parse(item: object) -> ForeignRecord:
        """Read the table's item, in plain values. Raises ContractError on half a one."""
        return read(ForeignRecord, item, FOREIGN)
