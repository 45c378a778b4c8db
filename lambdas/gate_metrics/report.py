"""The gate's verdict as a part of the evaluation's page. Pure text, every value escaped."""

from __future__ import annotations

import re
from html import escape

from lambdas.gate_metrics.decision import Decision
from workflow.contract.verdict import END, MARKER, PASSED, REJECTED

PLACE = re.compile(f"{re.escape(MARKER)}|(?:{re.escape(PASSED)}|{re.escape(REJECTED)}).*?{re.escape(END)}", re.DOTALL)
"""Where the verdict goes, or where an earlier attempt of the same state has put it."""


def put_verdict(page: str, decision: Decision) -> str | None:
    """The page with the verdict in its place; None where it has not exactly one place for it."""
    if len(PLACE.findall(page)) != 1:
        return None
    return PLACE.sub(lambda _: render_section(decision), page)


def render_section(decision: Decision) -> str:
    """The verdict and its reasons."""
    start, title = (PASSED, "The gate let it pass") if decision.passed else (REJECTED, "The gate rejected it")
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in decision.reasons)
    return f"{start}<h2>{title}</h2><ul>{reasons}</ul>{END}"
