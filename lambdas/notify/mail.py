"""The mails that tell how an execution ended: subject and plain text. Pure.

Every value may be missing or of a wrong type: a notice that cannot be complete is sent incomplete. None of them becomes
a link, whatever it says: the links are the AWS console's, and given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.notify.cause import readable
from lambdas.notify.next_step import REDRIVE, RELEASE_ANEW, WITHDRAWN_BY_ITSELF, find_next
from workflow.contract.cause import text_of
from workflow.contract.console_links import Links, write_links
from workflow.contract.failures import Failure
from workflow.contract.figures import format_figure
from workflow.contract.model import TASKS
from workflow.contract.names import subject_line
from workflow.contract.plain_text import break_links
from workflow.contract.reading import finite
from workflow.contract.scores import FIGURE_NAMES, QUALITY

AS_BEFORE = "Production serves what it served before, unless the reason above says otherwise."
PRODUCTION: Mapping[str, str] = {
    Failure.PRODUCTION_ROLLED_BACK: "Production serves the version before again, and answers as it did.",
    Failure.PRODUCTION_ROLLBACK_FAILED: "The roll-back failed: production may answer wrongly. Look at it at once.",
    Failure.PRODUCTION_UNAPPROVED: "The roll-back failed: production serves what nobody approved. Look at it at once.",
}
"""What production serves after a release that failed, by the name of its error."""


BY_BATCHES = "none: greenlight batch FOLDER asks it"
"""What is said of a production without an endpoint."""

AT_RISK = (Failure.PRODUCTION_ROLLBACK_FAILED, Failure.PRODUCTION_UNAPPROVED)
"""Errors after which production may answer wrongly at this moment."""


@dataclass(frozen=True)
class Mail:
    """A subject that SNS accepts, and a text."""

    subject: str
    text: str


def write_failure(event: Mapping[str, Any], project: str, cost: str = "", links: Links = ()) -> Mail:
    """A run that stopped at a state; ``cost`` is what its jobs cost, in words, empty where nobody knows."""
    machine, what = read_text(event, "machine", "a machine"), read_text(event, "what", "an unknown step")
    run, cause = read_text(event, "run", "unnamed"), break_links(readable(event.get("error")))
    error = read_text(event, "error_name", "unnamed")
    following = find_next(error)
    changes = machine in ("release", "challenge")
    production = PRODUCTION.get(error, AS_BEFORE) if changes else "Nothing was released by this run."
    if machine == "batch":
        production = "A batch asks no endpoint, and changes nothing."
    if machine == "drift":
        production = "A watch asks no endpoint, and changes nothing."
    lines = [
        f"{machine.capitalize()} stopped at: {what}",
        "",
        f"Why         {cause}",
        *([f"Next        {following}."] if following else []),
        f"Production  {production}",
        f"Error       {error}",
        f"Run         {run}",
        *([] if links else [f"Execution   {read_text(event, 'execution', 'unknown')}"]),
        *([f"Cost        {cost}"] if cost else []),
        *write_links(links),
    ]
    urgent = "PRODUCTION MAY BE WRONG: " if error in AT_RISK else ""
    return Mail(subject_line(f"[{project}] {urgent}{machine} stopped at {what}: {cause}"), "\n".join(lines) + "\n")


def write_release(event: Mapping[str, Any], project: str, links: Links = ()) -> Mail:
    """A release that went through."""
    given = event.get("plan")
    plan: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    version, name = read_text(plan, "package_version", "?"), read_text(plan, "dataset_name", "the model")
    measured = name_quality(plan.get("metrics"))
    endpoint = BY_BATCHES if plan.get("batch") else read_text(plan, "production_endpoint", "unknown")
    lines = [
        f"Production serves {name} version {version}{measured}.",
        "",
        f"Endpoint    {endpoint}",
        f"Package     {read_text(plan, 'model_package_arn', 'unknown')}",
        *([] if links else [f"Report      {text_of(plan.get('report_uri')) or 'unknown'}"]),
        f"Started by  {read_text(plan, 'started_by', 'nobody named')}",
        f"Approved by {name_approval(plan.get('approval'))}",
        *name_skipped(plan),
        *([] if links else [f"Execution   {read_text(event, 'execution', 'unknown')}"]),
    ]
    previous = read_text(plan, "previous_configuration", "")
    if previous:
        lines += ["", f"The configuration before it, {previous}, is kept. To go back: greenlight rollback"]
    lines += write_links(links)
    return Mail(subject_line(f"[{project}] production serves {name} v{version}{measured}"), "\n".join(lines) + "\n")


def write_withdrawal(event: Mapping[str, Any], project: str, links: Links = ()) -> Mail:
    """A challenger that was taken away again: the champion serves alone, as before."""
    given = event.get("plan")
    plan: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    version, name = read_text(plan, "package_version", "?"), read_text(plan, "dataset_name", "the model")
    why = break_links(read_text(event, "summary", "nobody said why"))
    lines = [
        f"{name} version {version} was tried beside production, and withdrawn.",
        "",
        f"Why         {why}",
        "Production  It serves what it served before, alone, and answers as it did.",
        f"Package     {read_text(plan, 'model_package_arn', 'unknown')}",
        f"Started by  {read_text(plan, 'started_by', 'nobody named')}",
        *([] if links else [f"Execution   {read_text(event, 'execution', 'unknown')}"]),
        *write_links(links),
    ]
    return Mail(subject_line(f"[{project}] {name} v{version} was withdrawn: {why}"), "\n".join(lines) + "\n")


def write_batch(event: Mapping[str, Any], project: str, links: Links = ()) -> Mail:
    """A batch whose pictures were answered."""
    given = event.get("plan")
    plan: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    uris = plan.get("uris")
    joined = text_of(uris.get("joined")) if isinstance(uris, Mapping) else ""
    version, name = read_text(plan, "package_version", "?"), read_text(plan, "dataset_name", "the model")
    job = event.get("join")
    summary = read_text(job if isinstance(job, Mapping) else {}, "ExitMessage", "answered")
    lines = [
        f"{name} version {version}: {summary}.",
        "",
        f"Pictures    {read_text(plan, 'pictures', 'unknown')}",
        *([f"Page        {joined}index.html"] if joined else []),
        *([f"Answers     {joined}answers.jsonl, answers.csv"] if joined else []),
        f"Started by  {read_text(plan, 'started_by', 'nobody named')}",
        f"Approved by {read_text(plan, 'approved_by', 'unknown')}",
        *([] if links else [f"Execution   {read_text(event, 'execution', 'unknown')}"]),
        *write_links(links),
    ]
    return Mail(subject_line(f"[{project}] {name} v{version}: {summary}"), "\n".join(lines) + "\n")


def write_drift(event: Mapping[str, Any], project: str, links: Links = ()) -> Mail:
    """What production is asked is not as what its model was judged by; ``build`` is the execution that follows."""
    given, said = event.get("plan"), event.get("found")
    plan: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    uris = plan.get("uris")
    found = text_of(uris.get("found")) if isinstance(uris, Mapping) else ""
    line = read_text(said if isinstance(said, Mapping) else {}, "line", "what production is asked has drifted")
    version, name = read_text(plan, "package_version", "?"), read_text(plan, "dataset_name", "the model")
    lines = [
        f"{name} version {version}: {line}.",
        "",
        f"Window      {read_text(plan, 'since', 'unknown')} to {read_text(plan, 'until', 'unknown')}",
        *([f"Page        {found}index.html"] if found else []),
        *([f"Pictures    {found}pictures.jsonl"] if found else []),
        "Production  A watch asks no endpoint, and changes nothing.",
        *([f"Build       drift-{read_text(event, 'run', '')}"] if plan.get("on_drift") == "run" else []),
        f"Started by  {read_text(plan, 'started_by', 'nobody named')}",
        *([] if links else [f"Execution   {read_text(event, 'execution', 'unknown')}"]),
        *write_links(links),
    ]
    return Mail(subject_line(f"[{project}] DRIFT: {name} v{version}: {line}"), "\n".join(lines) + "\n")


def write_end(detail: Mapping[str, Any], project: str, cost: str = "", links: Links = ()) -> Mail:
    """An execution that ended without a word of its own: stopped by hand, timed out, or broken."""
    machine = read_text(detail, "stateMachineArn", "a machine").rpartition(":")[2].removeprefix(f"{project}-")
    status, run = read_text(detail, "status", "ended").lower().replace("_", " "), read_text(detail, "name", "unnamed")
    cause = break_links(readable({"Error": detail.get("error"), "Cause": detail.get("cause")}))
    if status == "aborted" and not detail.get("cause"):
        cause = "somebody stopped it"
    challenge = machine == "challenge"
    following = [f"Next       {RELEASE_ANEW if challenge else REDRIVE}."] if status in ("aborted", "timed out") else []
    lines = [
        f"{machine.capitalize()} {status}.",
        "",
        f"Why        {cause}",
        *([f"Production {WITHDRAWN_BY_ITSELF}."] if challenge else []),
        *following,
        f"Run        {run}",
        *([] if links else [f"Execution  {read_text(detail, 'executionArn', 'unknown')}"]),
        *([f"Cost       {cost}"] if cost else []),
        *write_links(links),
    ]
    return Mail(subject_line(f"[{project}] {machine} {run} {status}: {cause}"), "\n".join(lines) + "\n")


def name_approval(approval: object) -> str:
    """Everybody who approved a release and by which door, and why where that was said."""
    if not isinstance(approval, Mapping):
        return "unknown"
    votes = approval.get("votes")
    if isinstance(votes, list) and votes:
        return "; ".join(name_approval(vote) for vote in votes)
    comment = read_text(approval, "comment", "")
    by, door = read_text(approval, "by", "unknown"), read_text(approval, "door", "unknown")
    return f"{by} ({door})" + (f": {comment}" if comment else "")


def name_skipped(plan: Mapping[str, Any]) -> list[str]:
    """That the stack's question before production was left out, and by whom; nothing where it was not."""
    if plan.get("skipped_question") is not True:
        return []
    by = read_text(plan, "started_by", "nobody named")
    return [f"SKIPPED     the question before production, which the stack demands, by {by}"]


def name_quality(scores: object) -> str:
    """The figure by which models of the scores' task are compared, as a part of a sentence; empty where unknown."""
    if not isinstance(scores, Mapping) or scores.get("task") not in TASKS:
        return ""
    name = QUALITY[scores["task"]]
    figure = finite(scores.get(name))
    return "" if figure is None else f", {FIGURE_NAMES[name]} {format_figure(figure)}"


def read_text(holder: Mapping[str, Any], key: str, otherwise: str) -> str:
    """The value as text on one line in which nothing is a link, or something to say in its place."""
    return break_links(text_of(holder.get(key))) or otherwise
