"""Everything that can go wrong for a person at the command line, as one small tree.

    GreenlightError          exit 1: what happened, where, and what to do, in plain words
    ├── UsageError           exit 2: the person can put it right before anything starts
    ├── ServiceError         exit 1: an AWS service refused a call; ``code`` is the service's own
    └── PictureError         exit 1: one picture cannot be sent or drawn, which says nothing of the next one

It knows no client and prints nothing: the command and the demonstration turn these into text and exit codes.
"""

from __future__ import annotations

from pathlib import Path


class GreenlightError(Exception):
    """Something did not work. The message is one or more readable lines."""

    exit_code = 1


class UsageError(GreenlightError):
    """What was asked for cannot be done as it was asked; nothing was started."""

    exit_code = 2


class ServiceError(GreenlightError):
    """A service refused a call."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the service's own error ``code`` beside the readable ``message``."""
        super().__init__(message)
        self.code = code


class PictureError(GreenlightError):
    """A picture that cannot be sent or drawn."""

    def __init__(self, file: Path, reason: str) -> None:
        """``reason`` goes on after the name of the file, such as "is no picture"."""
        super().__init__(f"{file} {reason}")
        self.reason = reason
