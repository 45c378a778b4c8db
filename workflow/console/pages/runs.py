"""The list of executions of every machine, newest first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workflow.console.executions import LISTED
from workflow.console.jobs import DENIED
from workflow.console.site import Site, Tab
from workflow.console.visits import Status
from workflow.errors import ServiceError
from workflow.runs.approvals import Approvals

TAB = Tab("Runs", "/runs")
PAGE = 50
"""Executions of one page of the list."""

STATUSES = {
    "": "any result",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "ABORTED": "stopped",
    "TIMED_OUT": "timed out",
}
MACHINES = {"": "all machines", "build": "builds", "release": "releases", "batch": "batches", "drift": "watches"}


def routes(site: Site) -> list[Route]:
    """The list's addresses."""

    def show(request: Request) -> Response:
        asked = request.query_params
        machine = asked.get("machine", "") if asked.get("machine") in MACHINES else ""
        status = asked.get("status", "") if asked.get("status") in STATUSES else ""
        listed = site.executions.newest(machine, status)
        pages = max(1, -(-len(listed) // PAGE))
        page = min(max(1, as_number(asked.get("page", ""))), pages)
        rows = site.executions.describe_all(listed[(page - 1) * PAGE : page * PAGE])
        live = any(row.running for row in rows)
        return site.render(
            "runs.html",
            tab=TAB.name,
            rows=rows,
            live=live,
            asking=waiting_for_a_person(site) if live else frozenset(),
            asks=Status.ASKING,
            chosen={"machine": machine, "status": status},
            machines=MACHINES,
            statuses=STATUSES,
            page=page,
            pages=pages,
            count=len(listed),
            most=LISTED,
        )

    return [Route("/", lambda _: RedirectResponse(TAB.address)), Route(TAB.address, show)]


def waiting_for_a_person(site: Site) -> frozenset[str]:
    """The ARNs of the executions that wait for a decision; none where the caller may not see requests."""
    try:
        return frozenset(one.execution for one in Approvals(site.cloud, site.stack.table).pending())
    except ServiceError as error:
        if DENIED in error.code:
            return frozenset()
        raise


def as_number(text: str) -> int:
    """A page's number as an address has it; 1 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
