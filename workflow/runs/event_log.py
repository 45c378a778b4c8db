"""The events of executions, kept between two looks: every look asks only for what happened since the one before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from workflow.clients import Cloud

_LARGEST_PAGE = 1000
"""Events that GetExecutionHistory gives in one answer at most (maxResults)."""


class EventLog:
    """Events of the executions that were asked for last. Safe to use from several threads."""

    def __init__(self, cloud: Cloud, kept: int = 8) -> None:
        """Read through ``cloud``, and keep what is known of as many executions."""
        self._cloud = cloud
        self._kept = kept
        self._known: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, execution: str) -> Sequence[dict[str, Any]]:
        """Every event of an execution so far, oldest first. Raises ServiceError where there is no such execution."""
        with self._lock:
            known = self._known.get(execution, [])
        new = self._since(execution, int(known[-1]["id"]) if known else 0)
        with self._lock:
            # Another thread may have been quicker: what it found is the same, or the beginning of it.
            found = self._known.get(execution, known)
            last = found[-1]["id"] if found else 0
            events = [*found, *(event for event in new if event["id"] > last)]
            self._known[execution] = events
            self._known.move_to_end(execution)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return events

    def _since(self, execution: str, last: int) -> list[dict[str, Any]]:
        """The events after the one of this number; asks newest first, and only until the events are known."""
        new: list[dict[str, Any]] = []
        # The first look takes all there is, in as few requests as can be; a later one hardly anything.
        paging = {} if last else {"PaginationConfig": {"PageSize": _LARGEST_PAGE}}
        for event in self._cloud.pages(
            "stepfunctions",
            "get_execution_history",
            "events",
            executionArn=execution,
            reverseOrder=True,
            includeExecutionData=True,
            **paging,
        ):
            if event["id"] <= last:
                break
            new.append(event)
        return new[::-1]
