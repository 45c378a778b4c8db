"""Does the same to many things, several at once, and gives the results in the things' own order.

Its threads are left behind when somebody does not wait for them, so that Ctrl-C ends a program at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def in_order(work: Callable[[Thing], Result], things: Sequence[Thing], at_once: int) -> Iterator[Result]:
    """Yield ``work(thing)`` of each thing in turn; what ``work`` raises is raised in the thing's turn.

    No further thing is begun once the iterator is closed or has raised.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Result | BaseException]] = SimpleQueue()
    stopped = threading.Event()
    for index in range(len(things)):
        waiting.put(index)

    def go() -> None:
        while not stopped.is_set():
            try:
                index = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put((index, work(things[index])))
            except BaseException as error:
                done.put((index, error))

    for _ in range(min(at_once, len(things))):
        # A daemon: concurrent.futures would wait for the last request at the interpreter's end.
        threading.Thread(target=go, daemon=True).start()
    early: dict[int, Result | BaseException] = {}
    try:
        for index in range(len(things)):
            while index not in early:
                at, result = done.get()
                early[at] = result
            result = early.pop(index)
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        stopped.set()
