"""A terminal for tests: runs a program in a pty of some size, and knows what a person would see on it.

Its size can be changed while the program runs, as the two kinds of terminals do it: one breaks the lines that are there
anew, with the cursor staying on its line; the other cuts them off.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

ROOT = Path(__file__).parents[1]
SIZES = ((80, 24), (100, 30), (160, 45))
"""Columns and lines of the terminals that everything is tried on."""
_KEPT = 10_000
_ERASE = b"\x1b[J"
_QUIET_SECONDS = 0.03
"""Shorter than what is between two drawings, and longer than a drawing takes to arrive."""


class Terminal:
    """A program in a pty; ``shown`` is all it has printed that still stands, ``screen`` what of it is in sight."""

    def __init__(
        self, command: Sequence[str], columns: int, lines: int, *, cwd: Path = ROOT, environ: Mapping[str, str] = {}
    ) -> None:
        """Start ``command``; its environment says nothing of any size."""
        self._controller, terminal = pty.openpty()
        self._screen = pyte.HistoryScreen(columns, lines, history=_KEPT)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        self._tell_size()
        kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.process = subprocess.Popen(
            command,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=cwd,
            env={**kept, "PYTHONPATH": str(ROOT), **environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(terminal)

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the program, should it still run."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._controller)

    def resize(self, columns: int, lines: int, *, anew: bool) -> None:
        """Change the size; with ``anew`` the lines are broken anew, else cut off."""
        # A terminal takes in what was written at once before it turns to its new size.
        while self._read(_QUIET_SECONDS):
            pass
        if anew:
            self._break_anew(columns, lines)
        else:
            self._screen.resize(lines, columns)
        self._tell_size()

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._controller, text.encode())

    def wait_for(self, found: str, seconds: float = 30) -> str:
        """Wait until a text is in sight; give all that is."""
        until = time.monotonic() + seconds
        while found not in self.screen:
            assert time.monotonic() < until, f"never came: {found}\n{self.shown}"
            assert self._read(0.1) or self.process.poll() is None, f"ended without: {found}\n{self.shown}"
        return self.screen

    def wait_for_more(self, written: int, seconds: float = 30) -> None:
        """Wait until so many bytes more were written: enough for all that is drawn to have been drawn anew."""
        until, enough = time.monotonic() + seconds, len(self.written) + written
        while len(self.written) < enough:
            assert time.monotonic() < until, f"nothing more is written:\n{self.shown}"
            self._read(0.1)

    def end(self, seconds: float = 60) -> int:
        """Wait for the program's end; its exit code."""
        until = time.monotonic() + seconds
        while self._read(0.1) or self.process.poll() is None:
            assert time.monotonic() < until, f"goes on:\n{self.shown}"
        return self.process.wait()

    @property
    def screen(self) -> str:
        """What is in sight."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        """What is in sight, letter by letter with their looks, down to the last line that holds one."""
        rows = [[self._screen.buffer[y][x] for x in range(self._screen.columns)] for y in range(self._screen.lines)]
        used = max((at + 1 for at, line in enumerate(self._screen.display) if line.strip()), default=0)
        return rows[:used]

    @property
    def shown(self) -> str:
        """What is in sight, below all that has gone out of sight at the top."""
        return "\n".join([*self._gone(), self.screen])

    def frames(self) -> Iterator[str]:
        """What was in sight each time before something was drawn anew; for a terminal whose size stayed."""
        screen = pyte.Screen(self._screen.columns, self._screen.lines)
        stream = pyte.ByteStream(screen)
        for part in self.written.split(_ERASE):
            stream.feed(part)
            yield "\n".join(line.rstrip() for line in screen.display).rstrip()
            stream.feed(_ERASE)

    def _gone(self) -> list[str]:
        return [
            "".join(row[at].data for at in range(self._screen.columns)).rstrip() for row in self._screen.history.top
        ]

    def _read(self, seconds: float) -> bool:
        """Take in what was written; whether anything was."""
        if not select.select([self._controller], [], [], seconds)[0]:
            return False
        try:
            new = os.read(self._controller, 65536)
        except OSError:
            return False
        self.written += new
        self._stream.feed(new)
        return bool(new)

    def _tell_size(self) -> None:
        size = struct.pack("HHHH", self._screen.lines, self._screen.columns, 0, 0)
        fcntl.ioctl(self._controller, termios.TIOCSWINSZ, size)

    def _break_anew(self, columns: int, lines: int) -> None:
        rows = [line.rstrip() for line in (*self._gone(), *self._screen.display)]
        cursor = len(self._screen.history.top) + self._screen.cursor.y
        rows = rows[: max(cursor, *(at for at, row in enumerate(rows) if row)) + 1]
        parts = [[row[at : at + columns] for at in range(0, len(row), columns)] or [""] for row in rows]
        at = sum(len(part) for part in parts[:cursor])
        # Whatever becomes of the lines below it, the cursor's own stays in sight.
        kept = [piece for part in parts for piece in part][: at + lines]
        self._screen = pyte.HistoryScreen(columns, lines, history=_KEPT)
        self._stream = pyte.ByteStream(self._screen)
        self._stream.feed("\r\n".join(kept).encode())
        self._screen.cursor_position(min(lines, len(kept)) - (len(kept) - 1 - at), 1)
