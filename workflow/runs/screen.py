"""Draws views of a running execution: live on a terminal, line by line anywhere else.

A finished state is printed once and stays; only what still moves is redrawn. Calls nothing but the terminal.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Protocol, TextIO

from workflow.contract.plain_text import show_lines
from workflow.runs.lines import MARKS, approval_lines, lines_below, row_lines, settled_rows, title_line
from workflow.runs.progress import progress_line
from workflow.runs.redrawn import Redrawn
from workflow.runs.rows import Row
from workflow.runs.watch import View
from workflow.terminal import cut, wrap

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_CODES = {"✓": "32", "✗": "1;31", "?": "1;33"}
_CYAN, _DIM, _BOLD = "36", "2", "1"
_PATIENCE_SECONDS = 5.0
"""A state that runs longer than this is named in a log, with what it waits for."""


class Screen(Protocol):
    """What a watching command draws on."""

    def show(self, view: View) -> None:
        """Bring the picture up to date."""

    def pause(self) -> None:
        """Stop drawing, so that a person can be asked; the next ``show`` goes on."""


def open_screen(stream: TextIO) -> Screen:
    """A live screen where ``stream`` is a terminal that can move its cursor, plain lines elsewhere."""
    moves = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return LiveScreen(stream) if moves else PlainScreen(stream)


class PlainScreen:
    """A line when a state or an epoch ends, when one takes long, or when a person is needed: for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self._stream = stream
        self._said: set[tuple[str, ...]] = set()

    def show(self, view: View) -> None:
        """Print what is new since the last view."""
        self._say(("title",), title_line(view))
        for row in self._in_order(view.rows):
            if row.status in {"done", "failed"}:
                self._say(("row", *row.key), *row_lines(row, view))
            elif any(self._stands_in(other, row) for other in view.rows):
                self._say(("parent", *row.key), f"{'  ' * (row.depth + 1)}· {row.name}")
            else:
                self._say_how_it_goes(row, view)
        if view.approval is not None:
            self._say(("approval", view.approval.key), f"  ? {': '.join(approval_lines(view.approval))}")

    def pause(self) -> None:
        """Nothing moves here."""

    def _in_order(self, rows: Sequence[Row]) -> list[Row]:
        """The rows as they are printed: a parent that was announced above its children ends below them."""
        ordered: list[Row] = []
        announced: list[Row] = []
        for row in rows:
            while announced and not self._stands_in(row, announced[-1]):
                ordered.append(announced.pop())
            if ("parent", *row.key) in self._said and row.status in {"done", "failed"}:
                announced.append(row)
            else:
                ordered.append(row)
        return ordered + announced[::-1]

    @staticmethod
    def _stands_in(row: Row, parent: Row) -> bool:
        """Whether a row is one of the execution that the parent started, or deeper inside of it."""
        return row.within[: parent.depth + 1] == parent.key

    def _say_how_it_goes(self, row: Row, view: View) -> None:
        if row.name == "Train" and view.epochs:
            for count, epoch in enumerate(view.epochs, start=1):
                self._say(("epoch", *row.key, str(epoch.number)), f"    {progress_line(list(view.epochs[:count]))}")
        elif row.name == "Tune" and view.trials:
            for trial in view.trials:
                if trial.ended:
                    self._say(("trial", trial.job), f"    {trial.line()}")
        elif row.status == "running" and row.seconds >= _PATIENCE_SECONDS:
            why = ": ".join(part for part in (row.name, row.note or row.reason) if part)
            self._say(("waits", *row.key, row.note), f"{'  ' * (row.depth + 1)}… {why}")

    def _say(self, key: tuple[str, ...], text: str) -> None:
        if key not in self._said:
            self._said.add(key)
            print(show_lines(text), file=self._stream, flush=True)


class LiveScreen:
    """Finished states above, what moves below them redrawn ten times a second."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on ``stream``, a terminal."""
        self._redrawn = Redrawn(stream, self._moving)
        self._colours = not os.environ.get("NO_COLOR")
        self._printed = 0
        self._titled = False
        self._view: View | None = None
        self._seen = 0.0

    def show(self, view: View) -> None:
        """Print what is settled and redraw the rest."""

        def settle(width: int) -> list[str]:
            self._view, self._seen = view, time.monotonic()
            title = [] if self._titled else ["", *(self._styled(line, _BOLD) for line in wrap(title_line(view), width))]
            rows = settled_rows(view)
            new, self._printed, self._titled = rows[self._printed :], len(rows), True
            return title + [line for row in new for line in self._row(row, view, width, MARKS[row.status])]

        if view.outcome is not None:
            self.pause()
        self._redrawn.print_above(settle)
        if view.outcome is None:
            self._redrawn.start()

    def pause(self) -> None:
        """Take the moving part away."""
        self._redrawn.stop()

    def _moving(self, width: int) -> list[str]:
        view = self._view
        if view is None:
            return []
        since = time.monotonic() - self._seen
        spinner = _SPINNER[int(time.monotonic() * 10) % len(_SPINNER)]
        lines: list[str] = []
        for row in view.rows[self._printed :]:
            if row.status in {"done", "failed"}:
                lines += self._row(row, view, width, MARKS[row.status])
                continue
            mark = MARKS["asking"] if row.status == "asking" else spinner
            lines += self._row(row, view, width, mark, row.seconds + since)
            if row.status == "running":
                lines += [self._styled(cut(line, width), _CYAN) for line in lines_below(row, view, spinner)]
            elif view.approval is not None:
                told = [line for text in approval_lines(view.approval) for line in wrap(f"      {text}", width, 6)]
                lines += [self._styled(line, _DIM) for line in told]
        if view.ahead:
            lines += [self._styled(line, _DIM) for line in wrap("  · " + " · ".join(view.ahead), width, 4)]
        return lines

    def _row(self, row: Row, view: View, width: int, mark: str, seconds: float | None = None) -> list[str]:
        """A row's lines, with its mark coloured."""
        first, *below = row_lines(row, view, width, mark=mark, seconds=seconds)
        at = first.index(mark)
        painted = first[:at] + self._styled(mark, _CODES.get(mark, _CYAN)) + first[at + 1 :]
        return [painted, *below]

    def _styled(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text
