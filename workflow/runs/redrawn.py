"""The last lines of a terminal, drawn again and again in one place until they are taken away.

Between two drawings the cursor rests, hidden, at the beginning of these lines. When the terminal's size changes, every
terminal keeps the cursor on the line that it is on, whatever becomes of the lines below: so erasing from the cursor on
erases all that was drawn, and nothing stale stays. (rich's Live counts lines instead, and a count is wrong as soon as a
terminal breaks its lines anew.) Knows nothing of what is drawn.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from workflow.runs.keys import hush
from workflow.terminal import size_of

SECONDS = 0.1
"""Between two drawings."""

_ERASE = "\r\x1b[J"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
# A line that a terminal, made narrower this very moment, has no room for must not become two.
_ONE_ROW_EACH, _AS_USUAL = "\x1b[?7l", "\x1b[?7h"

Lines = Callable[[int], list[str]]
"""Makes lines of at most so many columns."""


class Redrawn:
    """Lines at the end of a terminal. Whatever is printed while they are drawn goes through ``print_above``."""

    def __init__(self, stream: TextIO, lines: Lines) -> None:
        """Draw on ``stream``, a terminal, what ``lines`` makes; nothing is drawn before ``start``."""
        self._stream = stream
        self._lines = lines
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._drawing: threading.Thread | None = None
        self._show_keys: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to draw; does nothing where it is begun."""
        if self._drawing is None:
            self._ended.clear()
            # Enter would move the cursor away from where it rests.
            self._show_keys = hush(sys.stdin)
            self._drawing = threading.Thread(target=self._draw_on, daemon=True)
            self._drawing.start()

    def stop(self) -> None:
        """Take the lines away; what is printed next stands in their place."""
        if self._drawing is None:
            return
        self._ended.set()
        self._drawing.join()
        self._drawing = None
        self._write(_ERASE + _SHOW)
        self._show_keys()

    def print_above(self, lines: Lines) -> None:
        """Print lines that stay. They are made while nothing is drawn, so that none is shown in both places."""
        with self._lock:
            whole = "".join(f"{line}\n" for line in lines(size_of(self._stream).columns))
            if whole:
                self._write((_ERASE if self._drawing else "") + whole + self._block())

    def _draw_on(self) -> None:
        # A terminal that is gone takes nothing more.
        with contextlib.suppress(OSError):
            while True:
                with self._lock:
                    self._write(_ERASE + self._block())
                if self._ended.wait(SECONDS):
                    return

    def _block(self) -> str:
        """The lines, as many as the terminal has room for, and the way back to the first."""
        if self._drawing is None:
            return ""
        size = size_of(self._stream)
        lines = keep_to(self._lines(size.columns), max(1, size.lines - 1))
        up = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
        return _HIDE + _ONE_ROW_EACH + "\n".join(lines) + _AS_USUAL + "\r" + up

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def keep_to(lines: list[str], most: int) -> list[str]:
    """The first and the last of the lines, with the number of those left out between them.

    >>> keep_to(["Tune", "trial 1", "trial 2", "trial 3", "Evaluate"], 4)
    ['Tune', '      … 2 more', 'trial 3', 'Evaluate']
    """
    if len(lines) <= most:
        return lines
    if most < 3:
        return lines[:most]
    last = lines[len(lines) - most + 2 :]
    return [lines[0], f"      … {len(lines) - 1 - len(last)} more", *last]
