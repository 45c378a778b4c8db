"""Which endpoints have had their time. Pure: what is there comes in as values, and an hour is 3600 seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOUR = 3600


@dataclass(frozen=True)
class Limits:
    """How many hours staging stays that nobody asks, and production after its release; 0 for ever."""

    staging_hours: int
    production_hours: int

    @staticmethod
    def read(environ: Mapping[str, str]) -> Limits:
        """Read the limits from environment variables."""
        return Limits(int(environ["STAGING_HOURS"]), int(environ["PRODUCTION_HOURS"]))

    def ends_staging(self, changed_epoch: float, now_epoch: float) -> bool:
        """Whether staging has served for long enough since it last changed, if nobody asked it meanwhile."""
        return 0 < self.staging_hours * HOUR <= now_epoch - changed_epoch

    def ends_production(self, released_epoch: float, now_epoch: float) -> bool:
        """Whether what production serves was released long enough ago."""
        return 0 < self.production_hours * HOUR <= now_epoch - released_epoch
