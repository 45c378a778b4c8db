"""What the gate's reasons say beside what passed: checks that are turned off, or that the run loosened.

The gate writes its reasons as lines for people; by these words of them others can tell which are which.
"""

from __future__ import annotations

from collections.abc import Sequence

NOT_CHECKED = ": not checked, "
"""Stands within the reason about a figure of which nothing is asked."""

LOOSENED = "loosened by the run: "
"""Begins a reason about what the run asks less of than its stack demands."""

NO_FIGURE = "passed, no figure was checked"
"""Begins the summary of a candidate of whose figures nothing was asked."""


def tell_checks(summary: str, reasons: Sequence[str]) -> str:
    """How a candidate that passed has passed, in a few words: never that it passed what was not checked."""
    if summary.startswith(NO_FIGURE):
        return "Passed, but no figure was checked"
    off = sum(NOT_CHECKED in reason for reason in reasons)
    loosened = sum(reason.startswith(LOOSENED) for reason in reasons)
    told = "Passed all checks"
    if loosened:
        told += f", {loosened} of them loosened"
    return f"{told}; {off} {'is' if off == 1 else 'are'} turned off" if off else told
