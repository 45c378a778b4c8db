"""Views are drawn line by line where there is no terminal, and live where there is one."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from workflow.runs.approvals import Approval
from workflow.runs.history import Outcome
from workflow.runs.lines import lines_below, settled_rows
from workflow.runs.progress import parse_epochs
from workflow.runs.rows import Row
from workflow.runs.screen import LiveScreen, PlainScreen, open_screen
from workflow.runs.trials import Trial
from workflow.runs.watch import View

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
        "    about 6 s left  epoch 1/4 ▇▁▁▁  mAP50 0.100    box loss 2.000",
        "    about 4 s left  epoch 2/4 ▇▇▁▁  mAP50 0.200 ↗  box loss 1.000 ↘",
        "  ? version 4 waits until 2026-11-24 00:00 UTC: open the mailed link, or: greenlight approve run-1",
    ]


def test_a_finished_training_is_summed_up() -> None:
    """Its last figures stay when the bar is gone."""
    out = io.StringIO()
    PlainScreen(out).show(replace(VIEW, rows=(Row("Train", "done", 31.2),)))
    said = " ".join(out.getvalue().splitlines()[1].split())
    assert said == "✓ Train 31.2 s 2 epochs mAP50 0.200 box loss 1.000"


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
    assert lines_below(Row("Train", "running", 1), view, "⠸") == [
        "      quality   ▂▂  0.200",
        "      box loss  █▅  1.000",
    ]
    (trial,) = lines_below(Row("Tune", "running", 1), view, "⠸")
    assert trial.startswith("      ⠸ trial 1")
    assert lines_below(Row("Evaluate", "running", 1), view, "⠸") == []


def test_the_states_of_a_release_are_printed_below_its_name() -> None:
    """The release is announced before its own states, which are indented."""
    out = io.StringIO()
    rows = (Row("Release", "running", 3), Row("Clean up", "failed", 1, "no right to delete", within=("Release",)))
    PlainScreen(out).show(replace(VIEW, rows=rows))
    assert [text.rstrip()[:14] for text in out.getvalue().splitlines()[1:]] == ["  · Release", "    ✗ Clean up"]
    assert "no right to delete" in out.getvalue()


def test_a_state_that_waited_for_an_execution_is_told_below_it_and_above_what_followed() -> None:
    """What came after it is none of its own: it is not announced as if it had started something."""
    out = io.StringIO()
    screen, inside = PlainScreen(out), Row("Plan the batch", "done", 1, within=("Answer",))
    screen.show(replace(VIEW, rows=(Row("Answer", "running", 1), inside)))
    screen.show(replace(VIEW, rows=(Row("Answer", "done", 2), inside, Row("Compare", "running", 1))))
    screen.show(replace(VIEW, rows=(Row("Answer", "done", 2), inside, Row("Compare", "done", 1))))
    told = [" ".join(text.split()[:-2]) for text in out.getvalue().splitlines()[2:]]
    assert out.getvalue().splitlines()[1] == "  · Answer"
    assert told == ["✓ Plan the batch", "✓ Answer", "✓ Compare"]


def test_a_stage_that_ends_is_printed_below_its_states_and_before_what_follows() -> None:
    """What was announced above its own states; a question after it is no state of its."""
    out = io.StringIO()
    screen = PlainScreen(out)
    staging, asking = Row("Bring up staging", "running", 3), Row("Ask for production approval", "running", 9.0)
    inside = Row("Smoke-test staging", "done", 1, within=staging.key)
    screen.show(replace(VIEW, rows=(staging, inside), epochs=()))
    screen.show(replace(VIEW, rows=(replace(staging, status="done"), inside, asking), epochs=()))
    assert [text.split("  ")[1:][0:2] for text in out.getvalue().splitlines()[1:]] == [
        ["· Bring up staging"],
        ["", "✓ Smoke-test staging"],
        ["✓ Bring up staging", ""],
        ["… Ask for production approval"],
    ]


def test_a_log_says_what_a_long_state_waits_for() -> None:
    """Once, with the reason where one is known; a short one is told when it ends."""
    out = io.StringIO()
    screen = PlainScreen(out)
    waiting = Row("Wait for production", "running", 4.0, reason="it is slow", within=("Release",))
    for seconds in (4.0, 5.0, 9.0):
        rows = (Row("Release", "running", 1.0), replace(waiting, seconds=seconds))
        screen.show(replace(VIEW, rows=rows, epochs=()))
    assert out.getvalue().splitlines()[1:] == ["  · Release", "    … Wait for production: it is slow"]


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


def test_a_terminal_gets_nothing_that_it_obeys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without colours there is no escape code at all: what a run is called is shown letter by letter."""
    monkeypatch.setenv("NO_COLOR", "1")
    rows = (Row("Plan the run", "failed", 0.4, HOSTILE), Row("Train", "failed", 1.0, HOSTILE))
    LiveScreen(sys.stdout).show(replace(VIEW, run=HOSTILE, rows=rows, ahead=(), outcome=Outcome("FAILED", HOSTILE)))
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert said.count("[bold]run[/bold]") == 3


def test_a_pipe_gets_plain_lines() -> None:
    """No escape sequence ever reaches a file."""
    assert isinstance(open_screen(io.StringIO()), PlainScreen)
