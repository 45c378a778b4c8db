"""Finds a training job's metrics in its log, by the regular expressions of its metric definitions."""

from __future__ import annotations

import re
import time
from typing import Any

from infra.local.sagemaker.errors import invalid


class MetricWatch:
    """Reads a log line by line and keeps the last value of each metric."""

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._expressions: list[tuple[str, re.Pattern[str]]] = []
        for definition in definitions:
            try:
                self._expressions.append((definition["Name"], re.compile(definition["Regex"])))
            except re.error as error:
                raise invalid(f"the metric {definition['Name']} has no valid regular expression: {error}") from error
        self._last: dict[str, dict[str, Any]] = {}

    def line(self, text: str) -> None:
        """Look at one line of the log."""
        for name, expression in self._expressions:
            for match in expression.finditer(text):
                try:
                    value = float(match.group(1) if expression.groups else match.group())
                except (TypeError, ValueError):
                    continue
                self._last[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}

    def final(self) -> list[dict[str, Any]]:
        """The last value of each metric seen, as DescribeTrainingJob shows it."""
        return list(self._last.values())
