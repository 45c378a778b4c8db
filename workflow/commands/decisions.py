"""Commands on approvals: what waits for a person, and the person's answer."""

from __future__ import annotations

import sys

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
    from workflow.table import fit_table
    from workflow.terminal import columns_of

    found = Approvals(session.cloud, session.stack(project).table).all()
    rows = [(one.run, one.purpose, str(one.version), one.state()) for one in found]
    text = "no approval waits for a decision."
    if rows:
        text = fit_table(("RUN", "FOR", "VERSION", "STATE"), rows, columns_of(sys.stdout))
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
        about = {"run": chosen.run, "purpose": chosen.purpose, "version": chosen.version}
        shown = about | {key: told.get(key) for key in ("decision", "by", "comment", "door", "delivered", "tally")}
        what = f"version {chosen.version} of {chosen.run}"
        if told.get("tally"):
            print_result(as_json, shown, f"counted for {what}: {told['tally']}; it goes on waiting")
            return
        later = "" if told.get("delivered") else " (the run is told within minutes)"
        print_result(as_json, shown, f"{past}: {what}, as {told.get('by')}{later}")

    return decide


approve = decision_command("approve", "approved")
reject = decision_command("reject", "rejected")
