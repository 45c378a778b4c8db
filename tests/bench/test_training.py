"""What checkpoints, the epoch's line and the rest of our job cost beside ultralytics' own training, in one run."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import pytest

from tests.bench.training.race import EQUAL, OURS, race
from tests.bench.training.workload import EPOCHS, PICTURES, make_workload

pytestmark = [pytest.mark.bench, pytest.mark.training]

ROUNDS = 2
WANTED = 0.02
"""Of a training's time, what our own functions may take."""


@pytest.mark.timeout(1800)
def test_an_epoch_takes_as_long_as_one_of_ultralytics(
    training_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same network, pictures, settings and threads. Export and its checks are told apart, and the ratios are told,
    not required: what else runs on the machine is in them, but not in the share of our own functions.
    """
    if sys.platform == "win32":
        pytest.skip("needs wait4")
    with capsys.disabled():
        print(f"\n{PICTURES} pictures, {EPOCHS} epochs, {ROUNDS} rounds")
        times = race(training_python, make_workload(tmp_path), tmp_path, ROUNDS, print)
        for name, taken in times.items():
            whole, processor = statistics.median(taken.whole), statistics.median(taken.processor)
            print(
                f"{name:25} epoch {taken.epoch:.3f} s (ratio {taken.epoch / times[EQUAL].epoch:.3f})  "
                f"whole {whole:.1f} s  processor {processor:.1f} s"
            )
        ours = times[OURS]
        shares = [spent / trained for spent, trained in zip(ours.callbacks, ours.trained, strict=True)]
        after = statistics.median(whole - trained for whole, trained in zip(ours.whole, ours.trained, strict=True))
        print(
            f"our own functions: {statistics.median(shares):.2%} of the training; export and its checks {after:.1f} s"
        )
    assert statistics.median(shares) <= WANTED
