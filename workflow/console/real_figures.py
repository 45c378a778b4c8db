"""Production's real figures for a page: counted beside it, and anew only where somebody said something since.

A page waits a moment for them and shows itself without where that is not enough. Of each day its sums are kept, and a
digest of what was listed of it; so the memory is that of days, models and weeks, and a day is read again only where
something was said of its answers.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from workflow.clients import Cloud
from workflow.contract.feedback_figures import FeedbackFigures, FeedbackSums
from workflow.errors import GreenlightError
from workflow.feedback.figures import day_of, listed, sum_up

DAYS = 90
"""How far back answers are counted."""
PATIENCE = 2.0
"""Seconds that a page waits for figures that are being counted."""
SECONDS = 30.0
"""How long they are taken as they were."""


@dataclass(frozen=True)
class Known:
    """What is known: ``figures`` are None while they are first counted; ``trouble`` is why they cannot be."""

    figures: FeedbackFigures | None = None
    trouble: str = ""


class RealFigures:
    """Those of one bucket. Safe to use from several threads."""

    def __init__(self, cloud: Cloud, bucket: str) -> None:
        """Nothing is counted yet."""
        self._cloud = cloud
        self._bucket = bucket
        self._days: dict[str, tuple[str, FeedbackSums]] = {}
        self._known = Known()
        self._counted_at = float("-inf")
        self._lock = threading.Lock()
        self._counting: threading.Thread | None = None

    def latest(self) -> Known:
        """What is known by now."""
        with self._lock:
            if self._counting is None and time.monotonic() - self._counted_at > SECONDS:
                self._counting = threading.Thread(target=self._count, name="feedback", daemon=True)
                self._counting.start()
            counting = self._counting
        if counting is not None:
            counting.join(PATIENCE)
        return self._known

    def _count(self) -> None:
        try:
            self._known = Known(self._sum_up(datetime.now(UTC) - timedelta(days=DAYS)))
        except GreenlightError as error:
            self._known = Known(self._known.figures, str(error))
        finally:
            with self._lock:
                self._counted_at, self._counting = time.monotonic(), None

    def _sum_up(self, since: datetime) -> FeedbackFigures:
        days: dict[str, tuple[str, FeedbackSums]] = {}
        whole = FeedbackSums()
        found = groupby(
            listed(self._cloud, self._bucket, since=day_of(since)), lambda item: "/".join(item["Key"].split("/")[:4])
        )
        for day, items in found:
            digest = hashlib.sha256()
            for item in items:
                digest.update(f"{item['Key']} {item.get('ETag')}\n".encode())
            before = self._days.get(day)
            if before is None or before[0] != digest.hexdigest():
                before = digest.hexdigest(), sum_up(self._cloud, self._bucket, f"{day}/")
            days[day] = before
            whole.merge(before[1])
        self._days = days
        return whole.figures()
