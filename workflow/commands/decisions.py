"""Commands on approvals: what waits for a person, and the person's answer."""

from __future__ import annotations

import click

from workflow.commands.session import Session, on_project, print_result

HELP = """{} a request, named by its RUN, VERSION or LINK.

You decide as your identity in AWS. Where one request waits, it need not be named.
"""


@click.command()
@on_project
def approvals(session: Session, project: str, as_json: bool) -> None:
    """List the requests that wait for a decision.

    Decisions that a run was not told of yet are listed as well.
    """
    from workflow.runs.approvals import Approvals
    from workflow.table import format_table

    found = Approvals(session.cloud, session.stack(project).table).all()
    rows = [(one.run, one.purpose, str(one.version), one.state()) for one in found]
    text = "no approval waits for a decision."
    if rows:
        text = format_table(("RUN", "FOR", "VERSION", "STATE"), rows)
        text += "\nOpen the mailed link, or: greenlight approve|reject RUN"
    print_result(as_json, [one.document() for one in found], text)


def decision_command(verb: str, past: str) -> click.Command:
    """The command that answers a request with ``verb``."""

    @click.command(verb, help=HELP.format(verb.capitalize()))
    @click.argument("request", default="", metavar="[RUN|VERSION|LINK]")
    @click.option("--comment", default="", help="Why; kept with the model.")
    @on_project
    def decide(session: Session, project: str, as_json: bool, request: str, comment: str) -> None:
        from workflow.runs.approvals import Approvals
        from workflow.runs.approvals import decide as send

        stack = session.stack(project)
        chosen = Approvals(session.cloud, stack.table).choose(request)
        told = send(session.cloud, stack.decide_url, chosen, verb, comment)
        shown = {key: told.get(key) for key in ("subject", "decision", "by", "comment", "door", "delivered", "tally")}
        if told.get("tally"):
            print_result(
                as_json, shown, f"counted: {told.get('subject', chosen.run)}: {told['tally']}; it goes on waiting"
            )
            return
        later = "" if told.get("delivered") else " (the run is told within minutes)"
        print_result(as_json, shown, f"{past}: {told.get('subject', chosen.run)}, as {told.get('by')}{later}")

    return decide


approve = decision_command("approve", "approved")
reject = decision_command("reject", "rejected")
