"""How fast we prepare datasets beside what others would take for it, and how time and memory grow."""

from __future__ import annotations

import sys

import pytest
from rich.console import Console

from tests.bench.preparation.contestants import contestants
from tests.bench.preparation.measure import measure
from tests.bench.preparation.table import WIDTH, show, write

pytestmark = [pytest.mark.bench, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]
SIZES = (1_000, 10_000, 100_000)


@pytest.mark.timeout(3 * 3600)
def test_the_preparation_beside_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """Everyone prepares the same data; ours in time and memory that grow with the images and not faster."""
    with capsys.disabled():
        print()
        results = measure(contestants(), SIZES, lambda line: print(line, flush=True))
        show(results, Console(width=WIDTH))
        print(f"written to {write(results)}")
    ours = {(run.job, run.images): run for run in results.runs if run.contestant == "ours"}
    assert all(run.seconds for run in ours.values())
    for job in ("checks", "whole"):
        assert ours[job, 100_000].rate > 0.8 * ours[job, 10_000].rate
        assert ours[job, 100_000].peak_bytes - ours[job, 10_000].peak_bytes < 90_000 * 1_500
    assert all(run.seconds or run.said.startswith("given up") for run in results.runs), [
        one.said for one in results.runs
    ]
