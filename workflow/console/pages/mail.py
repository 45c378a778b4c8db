"""The mailbox of the stand-in: what everybody would have been sent, with links that work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.mails import read_mails
from workflow.console.pages.runs import as_number
from workflow.console.site import Site, Tab

TAB = Tab("Mail", "/mail", local=True)
PAGE = 50
"""Mails of one page."""


def routes(site: Site) -> list[Route]:
    """The mailbox's address; none on AWS, where mail is delivered."""

    def show(request: Request) -> Response:
        mails = read_mails(site.mailbox)
        pages = max(1, -(-len(mails) // PAGE))
        page = min(max(1, as_number(request.query_params.get("page", ""))), pages)
        shown = mails[(page - 1) * PAGE : page * PAGE]
        return site.render("mail.html", tab=TAB.name, mails=shown, page=page, pages=pages, count=len(mails), live=True)

    return [Route(TAB.address, show)] if site.mailbox else []
