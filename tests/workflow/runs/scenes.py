"""Scenes of a run, drawn on the terminal by ``python -m tests.workflow.runs.scenes NAME``: each ends with a key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from workflow.runs.approvals import Approval
from workflow.runs.history import Outcome
from workflow.runs.progress import parse_epochs
from workflow.runs.rows import Row
from workflow.runs.screen import open_screen
from workflow.runs.trials import Trial
from workflow.runs.watch import View

EPOCHS = tuple(
    parse_epochs(
        f"epoch={n} epochs=30 box_loss={6 / n:.4f} cls_loss={4 / n:.4f} dfl_loss={3 / n:.4f} "
        f"map50={n / 31:.4f} quality={n / 40:.4f} seconds=2"
        for n in range(1, 10)
    )
)
RUN = "2026-11-30T19-04-14"
BEGUN = (
    Row("Plan the run", "done", 1.2, "first model"),
    Row("Prepare the dataset", "done", 4.7),
    Row("Check the dataset", "done", 1.1, "96 images, 300 boxes, 0 problems"),
)
REQUEST = Approval("approval#1", "arn:x", RUN, "release", 4, "passed", datetime(2026, 11, 24, tzinfo=UTC))
VIEW = View(
    machine="greenlight-build",
    run=RUN,
    execution="arn:x",
    rows=(*BEGUN, Row("Train", "running", 20.0)),
    ahead=("Evaluate", "Gate on metrics", "Register the model", "Ask for approval", "Release"),
    epochs=EPOCHS,
    approval=None,
    jobs=(),
    outcome=None,
)
TRAINED = (
    *BEGUN,
    Row("Train", "done", 217.4),
    Row("Evaluate", "done", 4.5),
    Row("Gate on metrics", "done", 2.2, "passed: mAP50-95 0.802 (no floor) · bolt 0.61 nut 0.868 washer 0.930 · first"),
)
REASON = (
    "new instances start, then alarms watch them for 300 s, then the old version is kept 120 s in case of a roll-back"
)


def train() -> Iterator[View]:
    """A training, and its end."""
    yield VIEW
    yield replace(VIEW, rows=TRAINED, ahead=(), outcome=Outcome("SUCCEEDED"))


def ask() -> Iterator[View]:
    """A question to a person."""
    asking = (*TRAINED, Row("Ask for approval", "asking", 3.0))
    yield replace(VIEW, rows=asking, ahead=("Release",), approval=REQUEST)
    yield replace(VIEW, rows=TRAINED, ahead=(), outcome=Outcome("SUCCEEDED"))


def wait() -> Iterator[View]:
    """A long wait inside the release."""
    inside = (
        Row("Release", "running", 9.0),
        Row("Wait for production", "running", 200.0, within=("Release",), reason=REASON),
    )
    yield replace(VIEW, rows=(*TRAINED, *inside), ahead=())
    yield replace(VIEW, rows=TRAINED, ahead=(), outcome=Outcome("SUCCEEDED"))


def settle() -> Iterator[View]:
    """One state after the other, quickly."""
    for count in range(200):
        rows = tuple(Row(f"State {number:03}", "done", 0.1) for number in range(count))
        yield replace(VIEW, rows=(*rows, Row(f"State {count:03}", "running", 0.1)), ahead=())
    yield replace(VIEW, rows=rows, ahead=(), outcome=Outcome("SUCCEEDED"))


def search() -> Iterator[View]:
    """More trials than the terminal has lines."""
    trials = tuple(Trial(number, f"t-{number}", "InProgress", {"lr0": "0.01"}, EPOCHS) for number in range(1, 61))
    yield replace(VIEW, rows=(*BEGUN, Row("Tune", "running", 9.0)), trials=trials, epochs=())
    yield replace(VIEW, rows=BEGUN, ahead=(), outcome=Outcome("SUCCEEDED"))


SCENES: dict[str, Callable[[], Iterator[View]]] = {
    scene.__name__: scene for scene in (train, ask, wait, settle, search)
}


def main() -> None:
    """Draw the scene, a view a key; those of ``settle`` one right after the other."""
    name = sys.argv[1]
    screen = open_screen(sys.stdout)
    for view in SCENES[name]():
        screen.show(view)
        if name != "settle" and view.outcome is None:
            sys.stdin.readline()
    print("end")


if __name__ == "__main__":
    main()
