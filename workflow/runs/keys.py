"""Keeps what is typed from being shown, where a terminal draws something that it would be written into."""

from __future__ import annotations

import os
import termios
from collections.abc import Callable
from typing import TextIO

_LOCAL_MODES = 3
"""Where a terminal's local modes are in what termios tells."""


def hush(stream: TextIO) -> Callable[[], None]:
    """Let the terminal behind ``stream`` show nothing of what is typed; what is returned lets it show it again.

    What was typed until then is forgotten: it was no answer to what is asked next. Does nothing without a terminal, and
    in the background, where who changes it is stopped.
    """
    if not stream.isatty() or _in_background(stream.fileno()):
        return lambda: None
    file = stream.fileno()
    before = termios.tcgetattr(file)
    silent = [*before[:_LOCAL_MODES], before[_LOCAL_MODES] & ~termios.ECHO, *before[_LOCAL_MODES + 1 :]]
    termios.tcsetattr(file, termios.TCSANOW, silent)

    def show() -> None:
        if not _in_background(file):
            termios.tcsetattr(file, termios.TCSAFLUSH, before)

    return show


def _in_background(file: int) -> bool:
    try:
        return os.tcgetpgrp(file) != os.getpgrp()
    except OSError:
        # No terminal of this process's session: nobody stops it.
        return False
