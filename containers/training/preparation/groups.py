"""Finds the group of each picture: what the run's pattern takes of its name, or what the dataset itself says."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from workflow.labels.source import Entry

PATTERN_SECONDS = 60.0
"""Processor time for matching all names; a million take some seconds with a pattern that is not slow."""


class PatternError(ValueError):
    """The run's pattern takes too long with the names of this dataset."""


def find_groups(entries: Sequence[Entry], pattern: str, seconds: float = PATTERN_SECONDS) -> list[str]:
    """The group of each entry, empty for one that has none. Raises PatternError when matching takes too long.

    Called from the main thread, where alone a signal can end a match that would take forever.
    """
    if not pattern:
        return [entry.group for entry in entries]
    compiled, names = re.compile(pattern), []
    with _bound_time(pattern, seconds):
        for entry in entries:
            found = compiled.search(entry.image)
            names.append((found[1] if found else "") or entry.group)
    return names


@contextmanager
def _bound_time(pattern: str, seconds: float) -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise PatternError(
            f"group_pattern = {pattern!r}: takes more than {seconds:g} seconds with the names of these pictures; "
            "use fewer of * and +, and begin with what no other part can match, such as ^images/"
        )

    former = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
