"""Finds a training job's metrics in its log, by the regular expressions of its metric definitions."""

from __future__ import annotations

import re
import time
from typing import Any

from infra.local.sagemaker.errors import invalid


class MetricWatch:
    """Reads a log line by line and keeps the values of each metric."""

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._expressions: list[tuple[str, re.Pattern[str]]] = []
        for definition in definitions:
            try:
                self._expressions.append((definition["Name"], re.compile(definition["Regex"])))
            except re.error as error:
                raise invalid(f"the metric {definition['Name']} has no valid regular expression: {error}") from error
        self._last: dict[str, dict[str, Any]] = {}
        self._values: dict[str, list[float]] = {}

    def line(self, text: str) -> set[str]:
        """Look at one line of the log; the names of the metrics it gives."""
        found = set()
        for name, expression in self._expressions:
            for match in expression.finditer(text):
                try:
                    value = float(match.group(1) if expression.groups else match.group())
                except (TypeError, ValueError):
                    continue
                self._last[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}
                self._values.setdefault(name, []).append(value)
                found.add(name)
        return found

    def values(self, name: str) -> list[float]:
        """Every value of one metric so far, in order."""
        return list(self._values.get(name, ()))

    def final(self) -> list[dict[str, Any]]:
        """The last value of each metric seen, as DescribeTrainingJob shows it."""
        return list(self._last.values())
