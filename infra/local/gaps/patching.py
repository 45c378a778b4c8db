"""Replaces one function of the engine by one of ours, and refuses when the engine is no longer the one we know.

Every gap goes through `replace`, so a new engine version that renames or reshapes a patched function stops the
stand-in at start-up with a sentence, instead of running with half of its gaps open.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any


class EngineChangedError(RuntimeError):
    """The installed MiniStack is not the one the gaps were written for."""

    def __init__(self, what: str) -> None:
        """`what` finishes the sentence "MiniStack <version> …"."""
        super().__init__(
            f"MiniStack {version('ministack')} {what}; infra/local/gaps was written for another version. "
            "Install the pinned version or adapt the gap."
        )


def require(owner: Any, name: str) -> Any:
    """The engine's own `owner.name`, or EngineChangedError when it has none."""
    if not hasattr(owner, name):
        raise EngineChangedError(f"has no {getattr(owner, '__name__', owner)}.{name}")
    return getattr(owner, name)


def replace(owner: Any, name: str, ours: Callable[..., Any]) -> Any:
    """Put `ours` where the engine looks `owner.name` up; gives back the engine's own.

    Raises:
        EngineChangedError: the engine has no such function, or its parameters differ from those of `ours`.
    """
    theirs = require(owner, name)
    if list(inspect.signature(theirs).parameters) != list(inspect.signature(ours).parameters):
        raise EngineChangedError(f"changed the parameters of {owner.__name__}.{name}")
    setattr(owner, name, ours)
    return theirs
