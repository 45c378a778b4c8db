"""What the command takes before it does anything: its help, beside an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench
ROUNDS = 15
MOST_SECONDS = 0.1
PROGRAM = str(Path(sys.executable).with_name("greenlight"))


def seconds(*words: str) -> float:
    """How long a program takes from its start to its end."""
    began = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


@pytest.mark.parametrize("command", ["", "start", "deploy", "predict"])
def test_help_is_there_at_once(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Side by side, the quickest of each: `--help` takes less than a tenth of a second more than Python itself."""
    asked = [*filter(None, [command]), "--help"]
    bare, ours = zip(
        *((seconds(sys.executable, "-c", "pass"), seconds(PROGRAM, *asked)) for _ in range(ROUNDS)), strict=True
    )
    with capsys.disabled():
        print(f"\ngreenlight {' '.join(asked)}: {min(ours):.3f} s, {min(ours) / min(bare):.1f} times bare Python")
    assert min(ours) - min(bare) < MOST_SECONDS
