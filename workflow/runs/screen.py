"""Draws views of a running execution: live on a terminal, line by line anywhere else.

A finished state is printed once and stays; only what still moves is redrawn. Calls nothing but the terminal, and gives
it nothing of a view that it would obey: no escape code, no markup.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol, TextIO

from workflow.contract.plain_text import show_lines
from workflow.runs import trials
from workflow.runs.approvals import Approval
from workflow.runs.progress import draw_curves, progress_line, seconds_left, summary_line
from workflow.runs.watch import Row, View

if TYPE_CHECKING:
    from rich.text import Text

_NAME_WIDTH = 37
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MARKS = {"done": "✓", "failed": "✗", "asking": "?", "running": "⠸"}
_STYLES = {"✓": "green", "✗": "bold red", "?": "bold yellow"}


class Screen(Protocol):
    """What a watching command draws on."""

    def show(self, view: View) -> None:
        """Bring the picture up to date."""

    def pause(self) -> None:
        """Stop drawing, so that a person can be asked; the next ``show`` goes on."""


def open_screen(stream: TextIO) -> Screen:
    """A live screen where ``stream`` is a terminal, plain lines elsewhere."""
    return LiveScreen() if stream.isatty() else PlainScreen(stream)


def title_line(view: View) -> str:
    """The line above a view."""
    kind = view.machine.rsplit("-", 1)[-1].capitalize()
    return show_lines(f"{kind} {view.machine} · {view.run}")


def approval_line(approval: Approval) -> str:
    """What waits for a decision, and how it is given."""
    return f"version {approval.version} {approval.state()}: {approval.answer()}"


def remark(row: Row, view: View) -> str:
    """What stands behind a row: its note, or how the training or the search goes."""
    if row.status == "failed":
        return row.note
    if row.name == "Tune":
        return trials.summary_line(view.trials)
    if row.name != "Train":
        return row.note
    training = (summary_line if row.status == "done" else progress_line)(list(view.epochs))
    return "  ".join(part for part in (row.note, training) if part)


def row_line(row: Row, view: View, mark: str = "", seconds: float | None = None) -> str:
    """A row as one line of text."""
    indent = "  " * (row.depth + 1)
    name = row.name.ljust(_NAME_WIDTH - 2 * row.depth)
    took = f"{row.seconds if seconds is None else seconds:.1f} s"
    return show_lines(f"{indent}{mark or _MARKS[row.status]} {name} {took:>8}   {remark(row, view)}").rstrip()


def lines_below(row: Row, view: View, mark: str) -> list[str]:
    """What a running row shows of its inside: the training's curves, or the search's trials."""
    if row.name == "Tune":
        return [show_lines(trial.line(mark)) for trial in view.trials]
    return draw_curves(view.epochs) if row.name == "Train" else []


def settled_rows(view: View) -> list[Row]:
    """The rows that will not change any more: the finished ones before the first that still moves."""
    rows: list[Row] = []
    for row in view.rows:
        if row.status not in {"done", "failed"}:
            break
        rows.append(row)
    return rows


class PlainScreen:
    """One line when a state ends, an epoch ends or a person is needed: for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self._stream = stream
        self._said: set[tuple[str, ...]] = set()

    def show(self, view: View) -> None:
        """Print what is new since the last view."""
        self._say(("title",), title_line(view))
        # A parent that was announced above its children ends below them.
        ended = [row for row in view.rows if ("parent", row.name) in self._said]
        for row in [*(row for row in view.rows if row not in ended), *ended]:
            if row.status in {"done", "failed"}:
                self._say(("row", str(row.depth), row.name), row_line(row, view))
            elif row.name == "Train":
                self._say_epochs(view)
            elif row.name == "Tune":
                self._say_trials(view)
            elif any(other.depth > row.depth for other in view.rows):
                self._say(("parent", row.name), f"  · {row.name}")
        if view.approval is not None:
            self._say(("approval", view.approval.key), f"  ? {approval_line(view.approval)}")

    def pause(self) -> None:
        """Nothing moves here."""

    def _say_epochs(self, view: View) -> None:
        for count, epoch in enumerate(view.epochs, start=1):
            self._say(("epoch", str(epoch.number)), f"    {progress_line(list(view.epochs[:count]))}")

    def _say_trials(self, view: View) -> None:
        for trial in view.trials:
            if trial.ended:
                self._say(("trial", trial.job), f"    {trial.line()}")

    def _say(self, key: tuple[str, ...], text: str) -> None:
        if key not in self._said:
            self._said.add(key)
            print(show_lines(text), file=self._stream, flush=True)


class LiveScreen:
    """Finished states above, what moves below them redrawn ten times a second."""

    def __init__(self) -> None:
        """Draw on the terminal."""
        from rich.console import Console

        self._console = Console(file=sys.stdout, highlight=False)
        self._live: object = None
        self._printed = 0
        self._titled = False
        self._view: View | None = None
        self._seen = 0.0

    def show(self, view: View) -> None:
        """Print what is settled and redraw the rest."""
        from rich.live import Live

        self._view, self._seen = view, time.monotonic()
        if not self._titled:
            self._titled = True
            self._console.print()
            self._console.print(title_line(view), style="bold", markup=False)
        if view.outcome is not None:
            self.pause()
        rows = settled_rows(view)
        for row in rows[self._printed :]:
            # A failure is read to its end; anything else stays one line.
            whole = row.status == "failed"
            self._console.print(
                self._styled(row_line(row, view)), soft_wrap=whole, no_wrap=not whole, overflow="ellipsis"
            )
        self._printed = len(rows)
        if self._live is None and view.outcome is None:
            self._live = Live(get_renderable=self._moving, console=self._console, refresh_per_second=10, transient=True)
            self._live.start()

    def pause(self) -> None:
        """Take the moving part away."""
        from rich.live import Live

        if isinstance(self._live, Live):
            self._live.stop()
        self._live = None

    def _moving(self) -> Text:
        from rich.text import Text

        view = self._view
        text = Text(no_wrap=True, overflow="ellipsis")
        if view is None:
            return text
        since = time.monotonic() - self._seen
        spinner = _SPINNER[int(time.monotonic() * 10) % len(_SPINNER)]
        for row in view.rows[self._printed :]:
            if row.status in {"done", "failed"}:
                text.append(self._styled(row_line(row, view)))
            elif row.status == "asking":
                text.append(self._styled(row_line(row, view, seconds=row.seconds + since)))
                if view.approval is not None:
                    text.append(f"\n      {show_lines(approval_line(view.approval))}", style="dim")
            else:
                text.append(self._styled(row_line(row, view, spinner, row.seconds + since)))
                if row.name == "Train" and view.epochs:
                    text.append(f"   about {seconds_left(list(view.epochs)):.0f} s left", style="dim")
                for below in lines_below(row, view, spinner):
                    text.append(f"\n      {below}", style="cyan")
            text.append("\n")
        if view.ahead:
            text.append("  · " + " · ".join(view.ahead), style="dim")
        return text

    def _styled(self, text: str) -> Text:
        from rich.text import Text

        styled = Text(text)
        mark = text.strip()[:1]
        styled.stylize(_STYLES.get(mark, "cyan"), text.index(mark), text.index(mark) + 1)
        return styled
