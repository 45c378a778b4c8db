"""The gate's verdict and what the run was billed, as parts of the evaluation's page. Pure text, all of it escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from lambdas.gate_metrics.decision import Decision
from workflow.contract import cost_section
from workflow.contract.checks import tell_checks
from workflow.contract.console_links import Links, render_links
from workflow.contract.cost import PRICED, SOURCE, Job, format_dollars, tell_cost
from workflow.contract.verdict import END, MARKER, PASSED, REJECTED

PLACE = re.compile(f"{re.escape(MARKER)}|(?:{re.escape(PASSED)}|{re.escape(REJECTED)}).*?{re.escape(END)}", re.DOTALL)
"""Where the verdict goes, or where an earlier attempt of the same state has put it."""


def put_verdict(page: str, decision: Decision, links: Links = ()) -> str | None:
    """The page with the verdict in its place; None where it has not exactly one place for it.

    ``links`` lead to what the run left in the AWS console.
    """
    if len(PLACE.findall(page)) != 1:
        return None
    return PLACE.sub(lambda _: render_section(decision, links), page)


def render_section(decision: Decision, links: Links) -> str:
    """The verdict and its reasons."""
    start, title = PASSED, tell_checks(decision.summary, decision.reasons)
    if not decision.passed:
        start, title = REJECTED, _tell_failed(decision)
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in decision.reasons)
    # A page that is sandboxed, as whoever decides is shown this one, opens no other beside it.
    return f"{start}<h2>{title}</h2><ul>{reasons}</ul>{render_links(links, target='_top')}{END}"


def _tell_failed(decision: Decision) -> str:
    failed = len(decision.reasons)
    return "Rejected: one check failed" if failed == 1 else f"Rejected: {failed} checks failed"


BILL = re.compile(f"{re.escape(cost_section.START)}.*?{re.escape(cost_section.END)}", re.DOTALL)
"""Where the estimate of the cost stands, or the bill of an earlier attempt."""
BILL_HEAD = '<tr><th scope="col">Job</th><th scope="col">Billed time</th><th scope="col">Cost, about</th></tr>'
BILL_NOTE = (
    "The time is what SageMaker bills: of a training its BillableTimeInSeconds, in which the discount of spot capacity "
    "is, of a processing job from its start to its end; retries and redrives count. The price is the list's, on demand "
    f"in us-east-1, {PRICED} ({SOURCE}); yours may differ, and storage and endpoints come on top."
)


def put_cost(page: str, billed: Sequence[Job]) -> str:
    """The page with what the jobs are billed in place of the estimate; as it is where nobody knows, or has no place."""
    if not billed or len(BILL.findall(page)) != 1:
        return page
    return BILL.sub(lambda _: render_cost(billed), page)


def render_cost(billed: Sequence[Job]) -> str:
    """Every job with the time that it is billed, and about what that costs by list price."""
    rows = "".join(
        f'<tr><th scope="row">{escape(job.name)} <small>{_instances(job)}</small></th><td>{job.seconds:,.0f} s</td>'
        f"<td>{'–' if job.dollars is None else format_dollars(job.dollars)}</td></tr>"
        for job in billed
    )
    return (
        f"{cost_section.START}<h2>Time and cost</h2><p>The run was billed {escape(tell_cost(billed))}.</p>"
        f"<table><thead>{BILL_HEAD}</thead><tbody>{rows}</tbody></table>"
        f'<p class="quiet">{BILL_NOTE}</p>{cost_section.END}'
    )


def _instances(job: Job) -> str:
    return f"{job.instances} × {escape(job.instance)}" if job.instances > 1 else escape(job.instance)
