"""Commands that list what ran, and put two runs side by side."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import TYPE_CHECKING

import click

from workflow.commands.session import Session, make_watcher, on_project, print_result, tell_next

if TYPE_CHECKING:
    from workflow.runs.watch import View


@click.command()
@click.argument("run", default="")
@click.option("--limit", default=10, show_default=True, help="How many of the newest runs to list.")
@on_project
def runs(session: Session, project: str, as_json: bool, run: str, limit: int) -> None:
    """List the newest runs, or describe one RUN state by state.

    Builds, releases, roll-backs and batches are listed, with why nothing was done, or what went wrong.
    """
    from workflow.contract.cost import PRICED, tell_cost, tell_dollars, tell_time, total
    from workflow.contract.figures import format_figure
    from workflow.runs.cost import find_bills
    from workflow.runs.lookup import BUILD, find_execution, recent_runs
    from workflow.stack.outputs import describe_stack, values_of
    from workflow.table import fit_table, format_seconds, shorten
    from workflow.terminal import columns_of

    stack = session.stack(project)
    machines = stack.machines
    columns = columns_of(sys.stdout)
    if run:
        view = make_watcher(session, stack, find_execution(session.cloud, machines, run)).look()
        (billed,) = find_bills(session.cloud, project, [view.run])
        cost = {"dollars": total(billed), "billed_seconds": sum(job.seconds * job.instances for job in billed)}
        lines = _describe_view(view, columns)
        lines += [f"cost {(tell_time if session.cloud.local else tell_cost)(billed)}"] if billed else []
        print_result(as_json, {**view.document(), **cost}, "\n".join([*lines, *tell_next(project, view)]))
        return
    dataset = values_of(describe_stack(session.cloud, project)).get("Dataset", "")
    found = list(recent_runs(session.cloud, machines, limit, dataset))
    builds = [one.name for one in found if one.kind == BUILD]
    bills = dict(zip(builds, find_bills(session.cloud, project, builds), strict=True))
    billed_of = [bills.get(one.name, ()) if one.kind == BUILD else () for one in found]
    head = ("RUN", "KIND", "STATUS", "STARTED (UTC)", "TOOK", "VERSION", "DATASET", "QUALITY", "COST", "WHY")
    rows = [
        (
            one.name,
            one.kind,
            "nothing to do" if one.idle else one.status.lower(),
            f"{one.started.astimezone(UTC):%Y-%m-%d %H:%M}",
            format_seconds(one.seconds),
            f"v{one.version}" if one.version else "",
            one.dataset,
            "" if one.quality is None else format_figure(one.quality),
            tell_dollars(billed),
            shorten(one.why),
        )
        for one, billed in zip(found, billed_of, strict=True)
    ]
    who = "would bill; here nobody does" if session.cloud.local else "bills"
    note = (
        f"\nCOST is about: list prices of {PRICED}, us-east-1, for the time that SageMaker {who}."
        if any(billed_of)
        else ""
    )
    text = fit_table(head, rows, columns) + note if rows else "no run was started yet: 'greenlight start' starts one."
    document = [{**one.document(), "dollars": total(billed)} for one, billed in zip(found, billed_of, strict=True)]
    print_result(as_json, document, text)


@click.command()
@click.argument("first")
@click.argument("second")
@on_project
def compare(session: Session, project: str, as_json: bool, first: str, second: str) -> None:
    """Compare the figures of two runs."""
    from workflow.contract.figures import DIGITS, format_figure
    from workflow.runs.lookup import compare_figures, read_metrics
    from workflow.table import format_table

    stack = session.stack(project)
    one, two = (read_metrics(session.cloud, stack.bucket, run) for run in (first, second))
    figures = compare_figures(one.candidate, two.candidate)
    rows = [(name, format_figure(a), format_figure(b), f"{b - a:+.{DIGITS}f}") for name, a, b in figures]
    same = one.dataset_digest == two.dataset_digest
    note = "" if same else "\nThe two runs used different datasets: the figures are not of the same images."
    document = {"same_dataset": same, "figures": {name: {first: a, second: b} for name, a, b in figures}}
    print_result(as_json, document, format_table(("", first, second, "change"), rows) + note)


def _describe_view(view: View, columns: int | None) -> list[str]:
    from workflow.runs.lines import row_lines, title_line

    end = view.outcome.text() if view.outcome else "still running"
    return [title_line(view), *(line for row in view.rows for line in row_lines(row, view, columns)), end]
