"""The command that shows runs in a browser."""

from __future__ import annotations

import json

import click

from workflow.commands.session import Session, on_project, user_name
from workflow.errors import UsageError


@click.command()
@click.option("--port", type=int, default=4580, show_default=True, help="Where to listen; 0 takes a free port.")
@click.option("--open", "open_page", is_flag=True, help="Open it in the browser.")
@click.option("--aws", is_flag=True, help="Show an account, never the stand-in; it is only read there.")
@on_project
def console(session: Session, project: str, as_json: bool, port: int, open_page: bool, aws: bool) -> None:
    """Show runs in a browser, until Ctrl-C.

    On the stand-in runs are started, stopped and approved there, and its mail is read. On AWS it only
    shows, with your own credentials.
    """
    import os
    import secrets

    from workflow.console.app import make_app
    from workflow.console.door import KEY
    from workflow.console.serve import HOST, listen, serve

    if aws and session.cloud.local:
        raise UsageError(
            "AWS_ENDPOINT_URL points to the stand-in, whose credentials open no account.\n"
            "  Leave --aws out, or open a terminal in which neither is set"
        )
    mailbox = os.environ.get("AWS_ENDPOINT_URL", "") if session.cloud.local else ""
    stack = session.stack(project)
    # What the stand-in holds, whoever works on this machine reaches anyhow; an account they must not.
    key = "" if session.cloud.local else secrets.token_urlsafe()
    # Whoever works on this machine sees the arguments of programs, and a browser gets its address as one.
    once = secrets.token_urlsafe() if key else ""
    with listen(port) as listener:
        at = listener.getsockname()[1]
        app = make_app(session.cloud, stack, port=at, mailbox=mailbox, user=user_name(), key=key, once=once)
        url, opened = (f"http://{HOST}:{at}/" + (f"?{KEY}={opens}" if opens else "") for opens in (key, once))

        def ready() -> None:
            what = f"the stand-in at {mailbox}" if mailbox else f"{stack.region}, only to read"
            click.echo(json.dumps({"url": url}) if as_json else f"{url}  shows {project} on {what}; Ctrl-C ends it")

        serve(app, listener, ready, opened if open_page else "")
