"""The mail that asks for a decision: plain text, fewer than twenty lines, one link, and those into the AWS console.

Opening the link decides nothing, because mail scanners open every link. Whatever else the mail says is no link, even
where whoever started the run, named the dataset or named the classes wrote one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from workflow.contract.approval import ApprovalRequest, ComparedFigure
from workflow.contract.checks import tell_checks
from workflow.contract.console import Console
from workflow.contract.console_links import write_links
from workflow.contract.figures import tell_figure
from workflow.contract.names import subject_line
from workflow.contract.plain_text import break_links, show_plain
from workflow.contract.scores import FIGURE_NAMES

VERDICT_LENGTH = 300
LEFT_OUT = (FIGURE_NAMES["precision"], FIGURE_NAMES["f1"])
"""Figures that only the page shows: the mail stays short."""
NAME_WIDTH = 20


def write_subject(request: ApprovalRequest, project: str) -> str:
    """The subject, by which people decide whether to open it: what is wrong, what is asked, how good it is."""
    alarms = ["FOUND NOTHING"] if request.found_nothing() else []
    alarms += ["CHECKS LOOSENED"] if request.loosened else []
    warning = f"{', '.join(alarms)}: " if alarms else ""
    asked = f"Approve {request.title()}?" if request.purpose == "release" else request.question()
    return subject_line(f"[{project}] {warning}{asked} {sum_up(request)}")


def sum_up(request: ApprovalRequest) -> str:
    """What the model does, counted where the report counts it, else by the figure that decides; production's beside."""
    alone = ""
    if request.purpose == "release" and not request.production_version:
        alone = " (first model)" if request.compared else " (not compared)"
    if request.outcome is not None:
        return f"{request.outcome.short()}{alone}"
    figure = request.figures[0]
    beside = alone if figure.production is None else f" (production {tell_figure(figure.production)})"
    return f"{figure.name} {tell_figure(figure.candidate)}{beside}"


def write_body(request: ApprovalRequest, link: str, required: int = 1, console: Console | None = None) -> str:
    """The text of the mail; ``required`` is how many people have to approve.

    ``console`` is where the run can be looked at; None where there is none.
    """
    until = datetime.fromtimestamp(request.expires_epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
    starter, run = put_on_one_line(request.started_by) or "nobody named", put_on_one_line(request.run)
    shown = [figure for figure in request.figures if figure.name not in LEFT_OUT]
    return "\n".join(
        [
            put_on_one_line(request.question()),
            *write_outcome(request),
            "",
            write_heading(request.production_version),
            *(write_row(figure) for figure in shown),
            "",
            *write_verdict(request),
            *write_loosened(request),
            f"What changed  {put_on_one_line(request.changed)}",
            *([f"Data          {put_on_one_line(request.data)}"] if request.data else []),
            *([f"Trained on    {put_on_one_line(request.trained_on)}"] if request.trained_on else []),
            *([f"Cost so far   {put_on_one_line(request.cost)}"] if request.cost else []),
            f"Started by    {starter}, run {run}",
            *([f"Approvals     {required} people have to approve, each under their own name"] if required > 1 else []),
            f"Answer until  {until}; without an answer nothing is released",
            "",
            "Look at the pictures and decide (opening the page decides nothing):",
            link,
            *write_links(request.places().links(console)),
            "",
        ]
    )


def write_outcome(request: ApprovalRequest) -> list[str]:
    """What the model does on the held-out pictures, as a sentence; nothing where the report does not count it."""
    outcome = request.outcome
    if outcome is None:
        return []
    beside = f" Production: {outcome.beside()}." if outcome.production else ""
    return [f"{outcome.sentence()}.{beside}"]


def write_verdict(request: ApprovalRequest) -> list[str]:
    """How it passed, and by what."""
    nothing = "FOUND NOTHING · " if request.found_nothing() else ""
    if not request.reasons:
        return [f"Checks        {nothing}{put_on_one_line(request.verdict)}"]
    checks, verdict = tell_checks(request.verdict, request.reasons), request.verdict.removeprefix("passed: ")
    return [f"Checks        {nothing}{checks} · {put_on_one_line(verdict)}"]


def write_loosened(request: ApprovalRequest) -> list[str]:
    """What the run asks less of than its stack, how many in all, and who started it; nothing where it does not."""
    if not request.loosened:
        return []
    starter = put_on_one_line(request.started_by) or "nobody named"
    told = put_on_one_line("; ".join(one.text() for one in request.loosened))
    return [f"LOOSENED      {len(request.loosened)} by {starter}: {told}"]


def write_heading(production_version: int) -> str:
    """The head of the table of figures."""
    return (
        f"{'':<{NAME_WIDTH}}candidate   " + (f"production v{production_version}" if production_version else "").rstrip()
    )


def write_row(figure: ComparedFigure) -> str:
    """One line of the table of figures."""
    production = "" if figure.production is None else tell_figure(figure.production)
    return f"{put_on_one_line(figure.name):<{NAME_WIDTH}}{tell_figure(figure.candidate):<12}{production}".rstrip()


def put_on_one_line(text: str) -> str:
    """The text on one line with nothing in it that is not seen or is a link, cut where it gets too long for a mail."""
    line = show_plain(text)
    return break_links(line if len(line) <= VERDICT_LENGTH else line[: VERDICT_LENGTH - 1] + "…")
