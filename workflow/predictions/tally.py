"""Counts what came of asking about many pictures: answers, objects, failures, how long requests took. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from workflow.predictions.ask import Failure
from workflow.predictions.prediction import Prediction, list_counts

DIGITS = 12
"""Of a model's digest, as many as the pages show."""


class Tally:
    """What came of the pictures so far."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.failed = 0
        self._counts: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._objects = 0
        self._milliseconds: list[float] = []

    def add(self, outcome: Prediction | Failure) -> None:
        """Count one picture."""
        if isinstance(outcome, Failure):
            self.failed += 1
            return
        self._counts += outcome.counts
        self._models[outcome.model_digest[:DIGITS]] += 1
        self._objects += len(outcome.detections)
        self._milliseconds.append(outcome.milliseconds)

    def text(self, seconds: float) -> str:
        """The sum on one line; ``seconds`` is how long all of it took."""
        answered = len(self._milliseconds)
        asked = answered + self.failed
        parts = ["1 picture" if asked == 1 else f"{asked} pictures"]
        parts += [f"{self.failed} failed"] if self.failed else []
        if answered:
            seen = list_counts(self._counts) or "nothing seen"
            objects = "1 object" if self._objects == 1 else f"{self._objects} objects"
            parts.append(f"{objects}: {seen}" if self._objects else seen)
            parts.append(f"{answered / seconds:.1f} requests/s")
            parts.append(f"p50 {percentile(self._milliseconds, 50):.0f} ms")
            parts.append(f"p99 {percentile(self._milliseconds, 99):.0f} ms")
            parts.append(self.models())
        return " · ".join(parts)

    def models(self) -> str:
        """The digests of the models that answered, with how often where traffic is shared; empty where none did."""
        if len(self._models) > 1:
            return "models " + ", ".join(f"{digest} ({times})" for digest, times in self._models.most_common())
        return "".join(f"model {digest}" for digest in self._models)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` percent of all values do not exceed (the nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * share / 100) - 1)]
