"""Spreads work over processes, one a core, and hands the results back in order.

The processes are forked: what the work refers to is theirs without being sent, so that only numbers go out and only
results come back.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

Result = TypeVar("Result")

CHUNK = 64
"""Pictures a process looks at before it answers."""
_AHEAD = 4
"""Chunks for each process that are under way at one time: bounds what waits in memory."""


class KilledError(RuntimeError):
    """A process of ours was killed from outside."""


_work: Callable[[range], Any]


def map_in_order(work: Callable[[range], Result], count: int, *, chunk: int = CHUNK) -> Iterator[Result]:
    """Call ``work`` with ranges that together are ``range(count)``; its results, in order.

    Raises what ``work`` raises, and KilledError where a process was killed.
    """
    chunks = [range(start, min(start + chunk, count)) for start in range(0, count, chunk)]
    cores = len(os.sched_getaffinity(0))
    waiting: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(
        max_workers=max(1, min(cores, len(chunks))),
        mp_context=get_context("fork"),
        initializer=_adopt,
        initargs=(work,),
    ) as pool:
        try:
            for part in chunks:
                if len(waiting) >= _AHEAD * cores:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(_run, part))
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            message = "a process was killed, most likely for want of memory: take an instance with more for each core"
            raise KilledError(message) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _adopt(work: Callable[[range], Any]) -> None:
    global _work
    _work = work


def _run(part: range) -> Any:
    return _work(part)
