"""How a candidate passed, without claiming what was not checked."""

from __future__ import annotations

import pytest

from workflow.contract.checks import LOOSENED, NO_FIGURE, NOT_CHECKED, tell_checks

PASSED = "mAP50 0.96 ≥ 0.80"


@pytest.mark.parametrize(
    ("summary", "reasons", "said"),
    [
        ("passed", (PASSED,), "Passed all checks"),
        ("passed", (PASSED, f"latency 20 ms{NOT_CHECKED}x is 0"), "Passed all checks; 1 is turned off"),
        ("passed", (f"{LOOSENED}minimum_map50 was 0.6, is 0.5", PASSED), "Passed all checks, 1 of them loosened"),
        (f"{NO_FIGURE}: mAP50-95 0.810 (no floor)", (PASSED,), "Passed, but no figure was checked"),
    ],
)
def test_what_was_loosened_or_turned_off_is_told_with_what_passed(
    summary: str, reasons: tuple[str, ...], said: str
) -> None:
    """An approver who reads nothing else must not take it for more than it is."""
    assert tell_checks(summary, reasons) == said
