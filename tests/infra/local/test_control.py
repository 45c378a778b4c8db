"""What a running execution waits with: it looks again as something ends that it may wait for."""

from __future__ import annotations

import threading
import time

from infra.local.gaps.control import ExecutionEndedError, close_control, open_control

SOON, LATE = 5, 60


def seconds_of_doze(news: int | None, happens: bool) -> float:
    """Seconds that an execution dozes of a minute, from its last look on, while another one ends beside it."""
    waits, other = open_control("arn:waits"), open_control("arn:other")
    timer = threading.Timer(0.2, close_control, (other.arn, ExecutionEndedError()))
    timer.start()
    if not happens:
        timer.join()
    began = time.monotonic()
    try:
        waits.doze(waits.news if news is None else news, LATE)
    finally:
        close_control(waits.arn, ExecutionEndedError())
        timer.join()
    return time.monotonic() - began


def test_the_end_of_another_execution_is_looked_at_at_once() -> None:
    """No execution waits for its next look where what it waits for has ended."""
    assert seconds_of_doze(None, happens=True) < SOON


def test_what_ended_between_a_look_and_the_pause_is_not_slept_over() -> None:
    """The pause is over before it begins where there are news since the look."""
    assert seconds_of_doze(open_control("arn:waits").news, happens=False) < SOON
