"""Puts the console together: its pages, its style and script, the door in front, and what is said when a page fails."""

from __future__ import annotations

from types import ModuleType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from workflow.clients import Cloud
from workflow.console.door import Door
from workflow.console.pages import (
    compare,
    dataset_versions,
    datasets,
    documents,
    endpoints,
    mail,
    run,
    runs,
    start,
    versions,
)
from workflow.console.site import FOLDER, Site, Tab
from workflow.errors import GreenlightError
from workflow.stack.outputs import Stack

PAGES: tuple[ModuleType, ...] = (
    runs,
    run,
    documents,
    compare,
    start,
    versions,
    endpoints,
    datasets,
    dataset_versions,
    mail,
)
"""The modules of ``pages``: each has ``routes``, and a ``TAB`` where the navigation names it."""


def make_app(
    cloud: Cloud, stack: Stack, *, port: int, mailbox: str = "", user: str = "", key: str = "", once: str = ""
) -> Starlette:
    """The console of a stack, as it is served on ``port``.

    ``mailbox`` is the stand-in's address, empty on AWS. ``key`` opens it, empty for whoever works on this machine;
    ``once`` is another one, which is good for the first time alone.
    """
    site = Site(cloud, stack, tabs(), mailbox=mailbox, user=user)

    def missing(_: Request, error: Exception) -> Response:
        detail = error.detail if isinstance(error, HTTPException) else ""
        return site.missing(detail if detail != "Not Found" else "There is no such page.")

    def trouble(_: Request, error: Exception) -> Response:
        return site.trouble(error if isinstance(error, GreenlightError) else GreenlightError(str(error)))

    return Starlette(
        routes=[
            *(route for page in PAGES for route in page.routes(site)),
            # What a browser asks for where a page names no icon, as a plain text does not.
            Route("/favicon.ico", lambda _: RedirectResponse("/static/icon.svg")),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        middleware=[Middleware(Door, hosts=hosts(port), read_only=site.read_only, key=key, once=once)],
        exception_handlers={404: missing, GreenlightError: trouble},
    )


def tabs() -> tuple[Tab, ...]:
    """The entries of the navigation, in the order of the pages; a module may have its tab from another."""
    found = (getattr(page, "TAB", None) for page in PAGES)
    return tuple(dict.fromkeys(tab for tab in found if isinstance(tab, Tab)))


def hosts(port: int) -> frozenset[str]:
    """The names by which a browser of this machine reaches the console."""
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
