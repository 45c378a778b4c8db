"""The events of an execution, read as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.histories import Script
from workflow.runs.event_log import EventLog


class Counting(ScriptedCloud):
    """Counts the events that were taken from the listing."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        super().__init__(
            {"get_execution_history": lambda asked: {"events": events[:: -1 if asked["reverseOrder"] else 1]}}
        )
        self.taken = 0

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        for event in super().pages(service, operation, key, **parameters):
            self.taken += 1
            yield event


def test_a_second_look_reads_only_what_is_new() -> None:
    """An execution of thousands of events is looked at every two seconds."""
    script = Script().done("Plan the run")
    cloud = Counting(script.events)
    log = EventLog(cloud)
    assert list(log.of("arn")) == script.events
    script.enter("Train")
    before = cloud.taken
    assert list(log.of("arn")) == script.events
    assert cloud.taken - before == 2
