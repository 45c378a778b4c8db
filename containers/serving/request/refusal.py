"""How a request is refused: a status that says whose fault it is, and a message fit for the caller.

Pure: knows no server and no model.
"""

from __future__ import annotations

import reprlib

_SHORT = reprlib.Repr()
_SHORT.maxlevel = 1
_SHORT.maxstring = 60
_SHORT.maxlong = 40


class InvocationError(ValueError):
    """A request that cannot be answered, with an HTTP status from 400 to 499."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status and the message for the caller."""
        super().__init__(message)
        self.status = status


def quote(value: object) -> str:
    """What a caller sent, for a message: printable, short and quick to make however large or deep the value is."""
    return _SHORT.repr(value)
