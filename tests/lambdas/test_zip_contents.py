"""What a function's zip carries beside its own folder and the contract."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_requirement_is_one_version_and_one_pure_wheel() -> None:
    """The hash leaves pip no choice of a compiled wheel, nor of another file."""
    lines = (ROOT / "lambdas" / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    for pin in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}", pin)
