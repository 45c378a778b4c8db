"""The same work on many things, several at once, with results in order and nothing left running for long."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from workflow.predictions.in_order import in_order

ROOT = Path(__file__).parents[3]


def test_results_come_in_the_order_of_the_things() -> None:
    """Whichever is done first."""

    def work(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    assert list(in_order(work, [0.05, 0.0, 0.02], 3)) == [0.05, 0.0, 0.02]
    assert list(in_order(work, [], 3)) == []


def test_so_many_are_done_at_once_and_no_more() -> None:
    """The limit is kept and used."""
    running, most, lock, together = 0, 0, threading.Lock(), threading.Barrier(3)

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(20)
        time.sleep(0.02)
        with lock:
            running -= 1

    list(in_order(work, range(12), 3))
    assert most == 3


def test_an_error_is_raised_in_its_turn_and_ends_the_work() -> None:
    """What came before it has been given; what comes after it is not begun."""
    done = []

    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        done.append(number)
        time.sleep(0.001)
        return number

    results = in_order(work, range(10_000), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    time.sleep(0.05)
    assert len(done) < 1000


def test_a_program_ends_without_waiting_for_what_still_runs() -> None:
    """Ctrl-C while a request hangs."""
    code = (
        "import os, signal, threading, time; from workflow.predictions.in_order import in_order\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "list(in_order(lambda _: time.sleep(60), range(4), 2))"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert "KeyboardInterrupt" in done.stderr
    assert time.monotonic() - began < 10
