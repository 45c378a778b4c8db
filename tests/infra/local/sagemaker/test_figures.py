"""Figures are what happened: gathered for a moment, and what a process really uses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local.sagemaker.figures import Figure, Figures, UseWatch
from infra.local.sagemaker.utilisation import Utilisation
from tests.infra.local.sagemaker.requests import eventually

BUSY = """
import subprocess, sys
held = bytearray(50_000_000)
subprocess.Popen([sys.executable, "-c", "while True: pass"])
print("ready", flush=True)
sys.stdin.read(1)
"""


def test_figures_of_a_moment_are_told_together_and_none_before_somebody_listens() -> None:
    """Each in the series of the variant and of its fleet."""
    figures, told = Figures(), list[list[Figure]]()
    figures.invocation("e", "main", "c", 200, 0.1, 0.01, 1)
    figures.listen(told.append)
    figures.invocation("e", "main", "c", 503, 0.25, 0.001, 1)
    figures.invocation("e", "main", "c", 404, 0.25, 0.001, 2)
    (batch,) = eventually(lambda: told)
    assert len(batch) == 2 * 2 * 6
    summed = {
        (one.name, len(one.dimensions)): sum(
            other.value for other in batch if (other.name, other.dimensions) == (one.name, one.dimensions)
        )
        for one in batch
    }
    for dimensions in (2, 3):
        assert summed["Invocations", dimensions] == 2
        assert (summed["Invocation4XXErrors", dimensions], summed["Invocation5XXErrors", dimensions]) == (1, 1)
        assert summed["ModelLatency", dimensions] == pytest.approx(500_000)
        assert summed["OverheadLatency", dimensions] == pytest.approx(2_000)
        assert summed["ConcurrentRequestsPerModel", dimensions] == 1 + 2
    assert {one.namespace for one in batch} == {"AWS/SageMaker"}


@pytest.mark.skipif(not Path("/proc").exists(), reason="it is read from /proc")
def test_a_process_s_use_is_that_of_all_it_started(tmp_path: Path) -> None:
    """Its child takes the processor, itself the memory; one that is gone uses nothing."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            used = Utilisation(process.pid, tmp_path)
            first = used.look()
            time.sleep(0.5)
            second = used.look()
            assert second["CPU"] > 5
            assert 0 < first["Memory"] < 100
            assert 0 < second["Disk"] <= 100
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert Utilisation(process.pid, tmp_path).look() == {}


def test_a_container_is_looked_at_now_and_then(tmp_path: Path) -> None:
    """At once, and not again within seconds."""
    figures, told = Figures(), list[list[Figure]]()
    figures.listen(told.append)

    class Used(Utilisation):
        def look(self) -> dict[str, float]:
            return {"CPU": 150.0, "Memory": 3.0}

    watch = UseWatch(figures, "/aws/sagemaker/TrainingJobs", {"Host": "job/algo-1"}, Used(1, tmp_path))
    for _ in range(5):
        watch.look_now_and_then()
    (batch,) = eventually(lambda: told)
    assert [(one.name, one.unit, one.value) for one in batch] == [
        ("CPUUtilization", "Percent", 150.0),
        ("MemoryUtilization", "Percent", 3.0),
    ]
