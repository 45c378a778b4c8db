"""Views are drawn line by line where there is no terminal, and live where there is one."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workflow.runs.approvals import Approval
from workflow.runs.history import Outcome
from workflow.runs.progress import parse_epochs
from workflow.runs.screen import LiveScreen, PlainScreen, lines_below, open_screen, settled_rows
from workflow.runs.trials import Trial
from workflow.runs.watch import Row, View

EPOCHS = tuple(parse_epochs([f"epoch={n} epochs=4 box_loss={3 - n} map50={n / 10} seconds=2" for n in (1, 2)]))
VIEW = View(
    machine="greenlight-build",
    run="run-1",
    execution="arn:x",
    rows=(Row("Plan the run", "done", 0.4, "first model"), Row("Train", "running", 5.0)),
    ahead=("Evaluate", "Release"),
    epochs=EPOCHS,
    approval=None,
    jobs=(),
    outcome=None,
)
REQUEST = Approval("approval#1", "arn:x", "run-1", "release", 4, "passed", datetime(2026, 11, 24, tzinfo=UTC))


def test_a_line_is_printed_once_however_often_it_is_seen() -> None:
    """For a log: every state, every epoch, every request exactly once, and only when it is over."""
    out = io.StringIO()
    screen = PlainScreen(out)
    for view in (VIEW, VIEW, replace(VIEW, approval=REQUEST), replace(VIEW, approval=REQUEST)):
        screen.show(view)
    assert out.getvalue().splitlines() == [
        "Build greenlight-build · run-1",
        "  ✓ Plan the run                             0.4 s   first model",
        "    epoch 1/4 ▇▁▁▁  mAP50 0.10    box loss 2.00",
        "    epoch 2/4 ▇▇▁▁  mAP50 0.20 ↗  box loss 1.00 ↘",
        "  ? version 4 waits until 2026-11-24 00:00 UTC: open the mailed link, or: greenlight approve run-1",
    ]


def test_a_finished_training_is_summed_up() -> None:
    """Its last figures stay when the bar is gone."""
    out = io.StringIO()
    PlainScreen(out).show(replace(VIEW, rows=(Row("Train", "done", 31.2),)))
    said = " ".join(out.getvalue().splitlines()[1].split())
    assert said == "✓ Train 31.2 s 2 epochs mAP50 0.20 box loss 1.00"


def test_the_trials_of_a_search_are_printed_as_they_end() -> None:
    """One line each, and the search is summed up when it is over."""
    out = io.StringIO()
    screen = PlainScreen(out)
    trials = (Trial(1, "a", "Completed", {"lr0": "0.01"}, final=0.5), Trial(2, "b", "InProgress", {"lr0": "0.02"}))
    tuning = replace(VIEW, rows=(Row("Tune", "running", 9.0),), epochs=(), trials=trials)
    ended = (trials[0], replace(trials[1], status="Stopped", final=0.2))
    for view in (tuning, tuning, replace(tuning, rows=(Row("Tune", "done", 20.0),), trials=ended)):
        screen.show(view)
    assert [" ".join(line.split()) for line in out.getvalue().splitlines()[1:]] == [
        "✓ trial 1 0.500 lr0 0.01",
        "✓ Tune 20.0 s 2 of 2 trials ended best quality 0.500 in trial 1",
    ]


def test_a_running_training_shows_its_curves_and_a_search_its_trials() -> None:
    """Below the row, and nothing below any other."""
    quality = tuple(parse_epochs([f"epoch={n} epochs=4 box_loss={3 - n} quality=0.{n}" for n in (1, 2)]))
    view = replace(VIEW, epochs=quality, trials=(Trial(1, "a", "InProgress", {"lr0": "0.01"}),))
    assert lines_below(Row("Train", "running", 1), view, "⠸") == ["quality   ▁█  0.200", "box loss  █▁  1.000"]
    (trial,) = lines_below(Row("Tune", "running", 1), view, "⠸")
    assert trial.startswith("⠸ trial 1")
    assert lines_below(Row("Evaluate", "running", 1), view, "⠸") == []


def test_the_states_of_a_release_are_printed_below_its_name() -> None:
    """The release is announced before its own states, which are indented."""
    out = io.StringIO()
    rows = (Row("Release", "running", 3), Row("Clean up", "failed", 1, "no right to delete", depth=1))
    PlainScreen(out).show(replace(VIEW, rows=rows))
    assert [text.rstrip()[:14] for text in out.getvalue().splitlines()[1:]] == ["  · Release", "    ✗ Clean up"]
    assert "no right to delete" in out.getvalue()


def test_rows_settle_in_order() -> None:
    """A finished row below one that still moves keeps its place."""
    rows = (Row("A", "done", 1), Row("B", "running", 1), Row("C", "done", 1))
    assert [row.name for row in settled_rows(replace(VIEW, rows=rows))] == ["A"]


HOSTILE = "\x1b[2J\x9b31m\u202e[bold]run[/bold]\r"


def test_a_log_gets_nothing_that_a_terminal_obeys() -> None:
    """Whoever reads it later does so on a terminal."""
    out = io.StringIO()
    rows = (Row("Plan the run", "failed", 0.4, HOSTILE), Row("Tune", "running", 1.0))
    trial = Trial(1, "a", "Completed", {"lr0": HOSTILE}, final=0.5)
    PlainScreen(out).show(replace(VIEW, run=HOSTILE, machine=HOSTILE, rows=rows, trials=(trial,)))
    assert out.getvalue().replace("\n", "").isprintable()
    assert out.getvalue().count("[bold]run[/bold]") == 5


def test_a_terminal_gets_nothing_that_it_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither an escape code nor markup: what a run is called is shown letter by letter."""
    rows = (Row("Plan the run", "failed", 0.4, HOSTILE), Row("Train", "failed", 1.0, HOSTILE))
    LiveScreen().show(replace(VIEW, run=HOSTILE, rows=rows, ahead=(), outcome=Outcome("FAILED", HOSTILE)))
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert said.count("[bold]run[/bold]") == 3


def test_a_pipe_gets_plain_lines() -> None:
    """No escape sequence ever reaches a file."""
    assert isinstance(open_screen(io.StringIO()), PlainScreen)


def test_a_terminal_shows_the_running_state_and_what_is_ahead() -> None:
    """On a terminal of its own: spinner, bar, time left, the states to come; then the finished rows alone remain."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workflow.runs.test_screen"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "140", "LINES": "40"},
        start_new_session=True,
    )
    os.close(terminal)
    seen = b""
    ended = time.monotonic() + 30
    while time.monotonic() < ended:
        if select.select([controller], [], [], 0.2)[0]:
            try:
                seen += os.read(controller, 65536)
            except OSError:
                break
    assert process.wait(10) == 0
    os.close(controller)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert "epoch 2/4 ▇▇▁▁  mAP50 0.20 ↗  box loss 1.00 ↘   about 4 s left" in text
    assert "box loss  █▁  1.000" in text
    assert "· Evaluate · Release" in text
    assert "\x1b[?25h" in seen.decode(), "the cursor comes back"
    assert text.count("✓ Plan the run") == 1
    assert text.rstrip().endswith(
        "✓ Train                                    9.0 s   2 epochs  mAP50 0.20  box loss 1.00"
    )


def draw() -> None:
    """What the terminal of the test above runs."""
    screen = open_screen(sys.stdout)
    screen.show(VIEW)
    time.sleep(0.5)
    done = (VIEW.rows[0], Row("Train", "done", 9.0))
    screen.show(replace(VIEW, rows=done, ahead=(), outcome=Outcome("SUCCEEDED")))


if __name__ == "__main__":
    draw()
