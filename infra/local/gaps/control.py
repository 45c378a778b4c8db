"""What a running execution waits with, so that everything it does ends the moment the execution ends.

The engine runs an execution in a thread that sleeps and blocks as it likes: a stopped or timed-out execution keeps
its thread, and its job keeps running. Here every pause goes through the execution's `Control`, which wakes it when
the execution is ended from outside. Knows nothing about states or tasks.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any


class ExecutionEndedError(Exception):
    """Raised in an execution's own thread: it was stopped or timed out, nothing may follow."""


class SuspendedError(ExecutionEndedError):
    """The stand-in is stopping: leave everything as it is, the execution goes on after the next start."""


class AttemptTimeoutError(Exception):
    """What was waited for took longer than allowed."""


class Control:
    """The one place where an execution's threads wait."""

    def __init__(self, arn: str) -> None:
        """A control for the execution `arn`, not ended yet."""
        self.arn = arn
        self._condition = threading.Condition()
        self._end: ExecutionEndedError | None = None
        self._news = 0

    @property
    def ended(self) -> ExecutionEndedError | None:
        """Why nothing waits here any more, or None while the execution runs."""
        return self._end

    def end(self, reason: ExecutionEndedError) -> None:
        """Wake every waiting thread of the execution and make each of them raise `reason`."""
        with self._condition:
            self._end = self._end or reason
            self._condition.notify_all()

    def check(self) -> None:
        """Raise when the execution has ended."""
        if self._end is not None:
            raise self._end

    @property
    def news(self) -> int:
        """How often something happened that an execution may wait for: another number is a reason to look again."""
        return self._news

    def notify(self) -> None:
        """Make waiting threads look again at what they wait for."""
        with self._condition:
            self._news += 1
            self._condition.notify_all()

    def wait(self, done: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until `done()` or until `seconds` have passed; says whether it is done."""
        with self._condition:
            self._condition.wait_for(lambda: self._end is not None or done(), seconds)
            if isinstance(self._end, SuspendedError) and done():
                # It happened and was acknowledged: it has to get into the record that goes on later.
                return True
            self.check()
            return done()

    def doze(self, news: int, seconds: float) -> None:
        """Wait until there are other ``news``, or for a time, or until the execution ends."""
        self.wait(lambda: self._news != news, seconds)

    def sleep(self, seconds: float) -> None:
        """Wait for a time, or until the execution ends."""
        self.wait(lambda: False, seconds)

    def call(self, function: Callable[..., Any], *arguments: Any, deadline: float | None = None) -> Any:
        """Run a blocking call in a thread of its own and wait for it.

        A call cannot be interrupted: when the execution ends or `deadline` (time.time()) passes first, the call goes
        on alone and its result is dropped, as AWS does with a Lambda function that still runs.

        Raises:
            AttemptTimeoutError: `deadline` passed.
        """
        outcome: list[tuple[bool, Any]] = []

        def run() -> None:
            try:
                result = (True, function(*arguments))
            except Exception as error:
                result = (False, error)
            outcome.append(result)
            self.notify()

        threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
        if not self.wait(lambda: bool(outcome), remaining(deadline)):
            raise AttemptTimeoutError
        succeeded, value = outcome[0]
        if succeeded:
            return value
        raise value


def remaining(deadline: float | None) -> float | None:
    """Seconds left until `deadline`, never negative; None when there is no deadline."""
    return None if deadline is None else max(0.0, deadline - time.time())


_live: dict[str, Control] = {}
_lock = threading.Lock()
_branch: contextvars.ContextVar[bool] = contextvars.ContextVar("execution_branch", default=False)
_current: contextvars.ContextVar[Control | None] = contextvars.ContextVar("execution_control", default=None)


def open_control(arn: str) -> Control:
    """The control of a running execution, made when it is asked for the first time."""
    with _lock:
        return _live.setdefault(arn, Control(arn))


def close_control(arn: str, reason: ExecutionEndedError) -> None:
    """End the execution's control, if it has one, and forget it."""
    with _lock:
        control = _live.pop(arn, None)
    if control is not None:
        control.end(reason)
    notify_all()


def notify_all() -> None:
    """Make every execution look again: something ended that one of them may wait for."""
    with _lock:
        controls = list(_live.values())
    for control in controls:
        control.notify()


def suspend_all() -> None:
    """Stop every execution where it is, for a stand-in that is going down."""
    with _lock:
        controls = list(_live.values())
    for control in controls:
        control.end(SuspendedError())


def enter(control: Control) -> None:
    """Make `control` the one that this thread, and the threads it starts, wait with."""
    _current.set(control)


def enter_branch() -> None:
    """Say that this thread works on one of several branches that run side by side."""
    _branch.set(True)


def in_branch() -> bool:
    """Whether this thread works on a branch: a branch has no position to go on from."""
    return _branch.get()


def current() -> Control:
    """The control of the execution that this thread works for; a loose one outside any execution."""
    return _current.get() or Control("")
