"""Commands on approvals: what waits for a person, and the person's answer."""

from __future__ import annotations

import click

from workflow.commands.session import Session, on_project, print_result, user_name


@click.command()
@on_project
def approvals(session: Session, project: str, as_json: bool) -> None:
    """List the requests that wait for a decision."""
    from workflow.runs.approvals import Approvals
    from workflow.table import format_table

    stack = session.stack(project)
    waiting = Approvals(session.cloud, stack.table, stack.approval_url).pending()
    rows = [(one.run, one.purpose, f"{one.expires:%Y-%m-%d %H:%M} UTC", one.link) for one in waiting]
    text = format_table(("RUN", "FOR", "UNTIL", "LINK"), rows) if rows else "no approval waits for a decision."
    print_result(as_json, [one.document() for one in waiting], text)


def decision_command(verb: str, past: str) -> click.Command:
    """The command that answers a request with ``verb``."""

    @click.command(verb, help=f"{verb.capitalize()} a request, by its RUN or LINK, through the mailed page.")
    @click.argument("request", default="", metavar="[RUN|LINK]")
    @click.option("--comment", default="", help="Why; kept with the model.")
    @click.option("--name", default=user_name, show_default="your user name", help="Who decides.")
    @on_project
    def decide(session: Session, project: str, as_json: bool, request: str, comment: str, name: str) -> None:
        from workflow.runs.approvals import Approvals
        from workflow.runs.approvals import decide as send

        link = request
        if not request.startswith(("http://", "https://")):
            stack = session.stack(project)
            link = Approvals(session.cloud, stack.table, stack.approval_url).choose(request).link
        page = send(link, verb, name=name, comment=comment)
        shown = {key: page.get(key) for key in ("subject", "decision", "by", "comment")}
        print_result(as_json, {**shown, "link": link}, f"{past}: {page.get('subject', link)}")

    return decide


approve = decision_command("approve", "approved")
reject = decision_command("reject", "rejected")
