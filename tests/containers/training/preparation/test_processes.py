"""How work is spread over processes."""

from __future__ import annotations

import os
import signal

import pytest

from containers.training.preparation.processes import KilledError, map_in_order


def test_results_come_back_in_order_and_every_place_once() -> None:
    """However long each takes."""
    assert [at for part in map_in_order(list, 1000, chunk=7) for at in part] == list(range(1000))


def test_nothing_to_do_is_done_at_once() -> None:
    """An empty dataset starts no work."""
    assert list(map_in_order(list, 0)) == []


def test_the_work_is_done_in_other_processes() -> None:
    """One that dies does not take the job with it."""
    assert os.getpid() not in set(map_in_order(lambda part: os.getpid(), 10, chunk=1))


def test_what_goes_wrong_there_goes_wrong_here() -> None:
    """The same exception."""

    def fail(part: range) -> None:
        raise OSError(28, "No space left on device", f"{part.start}.jpg")

    with pytest.raises(OSError, match=r"No space left on device: '0.jpg'"):
        list(map_in_order(fail, 10))


def test_a_killed_process_is_a_reason_and_no_silence() -> None:
    """As the kernel kills for memory."""
    with pytest.raises(KilledError, match="most likely for want of memory"):
        list(map_in_order(lambda part: os.kill(os.getpid(), signal.SIGKILL), 10))
