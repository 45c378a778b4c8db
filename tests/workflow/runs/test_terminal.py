"""What a person sees of a run on terminals of usual sizes, also while these are made larger and smaller."""

from __future__ import annotations

import re
import sys

import pytest

from tests.terminal import SIZES, Terminal
from tests.workflow.runs.scenes import REASON, RUN

OF_EVERY_SIZE = pytest.mark.parametrize(("columns", "lines"), SIZES)


def scene(name: str, columns: int, lines: int) -> Terminal:
    """A terminal on which a scene is drawn; Enter goes on."""
    return Terminal([sys.executable, "-m", "tests.workflow.runs.scenes", name], columns, lines)


def words(text: str) -> str:
    """The text on one line, however it was broken."""
    return " ".join(text.split())


@OF_EVERY_SIZE
def test_a_training_shows_how_long_it_takes_and_its_figures_and_then_its_end(columns: int, lines: int) -> None:
    """Nothing of it is cut off: the time left first, epoch, figure and loss; later the last figures."""
    with scene("train", columns, lines) as terminal:
        seen = terminal.wait_for("· Evaluate")
        assert "about 42 s left  epoch 9/30 ▇▇▇▁▁▁▁▁▁▁  mAP50 0.290 ↗  box loss 0.667 ↘" in seen
        assert "quality   ▁▁▂▂▂▂▂▂▃  0.225" in seen
        assert "…" not in seen
        terminal.type("\n")
        assert terminal.end() == 0
        assert "30 epochs" not in terminal.shown
        assert "3 min 37 s 9 epochs mAP50 0.290 box loss 0.667" in words(terminal.shown)
        assert "washer 0.930 · first" in words(terminal.shown)
        assert "epoch 9/30" not in terminal.shown, "what moved is gone"


@OF_EVERY_SIZE
def test_a_question_is_shown_with_the_whole_command_that_answers_it(columns: int, lines: int) -> None:
    """On one line, so that it can be copied."""
    with scene("ask", columns, lines) as terminal:
        seen = terminal.wait_for("open the mailed link")
        assert any(line.endswith(f"greenlight approve {RUN}") for line in seen.splitlines())
        assert "version 4 waits until 2026-11-24 00:00 UTC" in seen


@OF_EVERY_SIZE
def test_a_long_wait_gives_its_reason_to_its_end(columns: int, lines: int) -> None:
    """Whatever room there is."""
    with scene("wait", columns, lines) as terminal:
        assert REASON in words(terminal.wait_for("roll-back"))


@OF_EVERY_SIZE
def test_no_state_is_printed_twice(columns: int, lines: int) -> None:
    """While lines are drawn ten times a second, two hundred states end: each stands there once at every moment."""
    with scene("settle", columns, lines) as terminal:
        assert terminal.end() == 0
        told = [line for line in terminal.shown.splitlines() if "State" in line]
        assert [line.split()[:3] for line in told] == [["✓", "State", f"{number:03}"] for number in range(199)]
        for frame in terminal.frames():
            seen = re.findall(r"State \d+", frame)
            assert len(seen) == len(set(seen)), frame


@pytest.mark.parametrize("anew", [True, False], ids=["lines broken anew", "lines cut off"])
@pytest.mark.parametrize("sizes", [((160, 45), (80, 24)), ((80, 24), (160, 45)), ((100, 30), (60, 30), (100, 30))])
def test_a_change_of_size_leaves_nothing_stale(sizes: tuple[tuple[int, int], ...], anew: bool) -> None:
    """Narrower, wider, and there and back: what moves stands there once, on whichever kind of terminal."""
    with scene("train", *sizes[0]) as terminal:
        terminal.wait_for("· Evaluate")
        for columns, lines in sizes[1:]:
            terminal.resize(columns, lines if anew else sizes[0][1], anew=anew)
            terminal.wait_for_more(3000)
        for text in ("Train ", "epoch 9/30", "quality", "dfl loss", "Ask for approval"):
            assert terminal.shown.count(text) == 1, terminal.shown
        terminal.type("\n")
        assert terminal.end() == 0
        assert "quality" not in terminal.shown, "what moved is taken away"


def test_more_trials_than_there_are_lines_leave_the_last_in_sight() -> None:
    """And say how many are not shown; nothing runs out of the terminal at the top."""
    with scene("search", 80, 24) as terminal:
        seen = terminal.wait_for("trial 60")
        assert "more" in seen
        assert "Tune" in seen
        assert terminal.shown.count("trial 60") == 1


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines() -> None:
    """No escape code at all."""
    with Terminal(
        ["/usr/bin/env", "TERM=dumb", sys.executable, "-m", "tests.workflow.runs.scenes", "train"], 80, 24
    ) as terminal:
        terminal.wait_for("epoch 9/30")
        assert b"\x1b" not in terminal.written
