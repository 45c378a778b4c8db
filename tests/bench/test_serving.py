"""What our server makes of a machine, beside the machine's limits and beside what others serve with, in one run."""

from __future__ import annotations

import sys

import pytest
from rich.console import Console

from tests.bench.serving.contestants import contestants
from tests.bench.serving.measure import Plan, measure
from tests.bench.serving.processes import cores
from tests.bench.serving.ratios import SAME_OBJECTS, judged, ratios
from tests.bench.serving.table import WIDTH, show, write
from tests.bench.serving.workload import make_workload

pytestmark = [pytest.mark.bench, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


@pytest.mark.timeout(3600)
def test_the_server_beside_its_limits_and_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """Everyone answers every request, ours and theirs find the same objects; the ratios are told, not required."""
    console = Console(width=WIDTH)
    with capsys.disabled():
        print()
        workload = make_workload()
        results = measure(Plan(contestants(cores())), workload, lambda line: print(line, flush=True))
        show(results, console)
        print(f"written to {write(results)}")
    measured = [outcome for outcome in results.outcomes.values() if not outcome.left_out]
    assert {one.contestant.kind for one in measured} == {"ours", "torch", "onnx"}
    assert not results.failures
    for outcome in results.outcomes.values():
        # Without Java one of the peers cannot run; nobody else has a reason.
        assert not outcome.left_out or "java" in outcome.left_out, outcome.left_out
    for outcome in measured:
        assert not outcome.errors, (outcome.contestant.name, outcome.errors[:3])
        assert all(load.latencies for load in outcome.loads.values()), outcome.contestant.name
        assert outcome.agreement.share >= SAME_OBJECTS, (outcome.contestant.name, str(outcome.agreement))
    fastest = judged(results)
    assert fastest is not None
    assert len(ratios(results, fastest)) == 5
