"""Reads ``champion.json``, which says what is in production while a candidate is measured.

Fails closed: only an explicit null means that there is no champion. Knows no model and no archive.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from workflow.contract.reading import VERSION


class ChampionError(ValueError):
    """What is in production cannot be told, so nothing may be compared with it."""


@dataclass(frozen=True)
class Champion:
    """What ``champion.json`` says of the model in production; digests are SHA-256 in hex."""

    model_package_arn: str
    package_version: int
    model_digest: str
    archive_digest: str


def read_champion(path: Path) -> Champion | None:
    """Read ``champion.json``: None only where it says null; anything unreadable raises ChampionError."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ChampionError(f"champion.json cannot be read: {error}") from None
    if not isinstance(document, dict) or document.get("version") != VERSION or "champion" not in document:
        raise ChampionError(f"champion.json: must be an object of version {VERSION} that names a champion or null")
    given = document["champion"]
    if given is None:
        return None
    texts = ("model_package_arn", "model_digest", "archive_digest")
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) and given[key] for key in texts):
        raise ChampionError(f"champion.json: the champion must have {', '.join(texts)}")
    version = given.get("package_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ChampionError(f"champion.json: package_version {version!r} is no version")
    return Champion(given["model_package_arn"], version, given["model_digest"], given["archive_digest"])
