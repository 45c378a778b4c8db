"""Reads ``champion.json``, which says what is in production while a candidate is measured.

Fails closed: only an explicit null means that there is no champion. Knows no model and no archive.
"""

from __future__ import annotations

import json
from pathlib import Path

from workflow.contract.champion import Champion, ChampionDocument
from workflow.contract.reading import ContractError


class ChampionError(ValueError):
    """What is in production cannot be told, so nothing may be compared with it."""


def read_champion(path: Path) -> Champion | None:
    """Read ``champion.json``: None only where it says null; anything unreadable raises ChampionError."""
    try:
        return ChampionDocument.parse(json.loads(path.read_bytes())).champion
    except ContractError as error:
        raise ChampionError(f"champion.json: {error}") from None
    except (OSError, ValueError) as error:
        raise ChampionError(f"champion.json cannot be read: {error}") from None
