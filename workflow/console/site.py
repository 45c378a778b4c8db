"""What the pages of the console share: the services, the stack, and how a template becomes an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from workflow.clients import Cloud
from workflow.console.events import show_document
from workflow.console.executions import Executions
from workflow.console.stored import Stored
from workflow.contract.figures import format_figure
from workflow.contract.plain_text import show_lines, show_plain
from workflow.errors import GreenlightError
from workflow.runs.event_log import EventLog
from workflow.stack.outputs import Stack
from workflow.table import format_seconds

FOLDER = Path(__file__).parent
PAUSE, PAUSE_ON_AWS = 2, 5
"""Seconds between two looks of a page that shows something running; an account's request rates are shared."""

LONGEST_FORM = 1_000_000
"""Bytes of a form that are read."""

_LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Tab:
    """One entry of the navigation: its name, its address, and whether only the stand-in has it."""

    name: str
    address: str
    local: bool = False


class Site:
    """One stack as its console shows it. ``mailbox`` is the stand-in's address, empty on AWS; ``user`` starts runs."""

    def __init__(self, cloud: Cloud, stack: Stack, tabs: tuple[Tab, ...], *, mailbox: str = "", user: str = "") -> None:
        """Nothing is asked for yet."""
        self.cloud = cloud
        self.stack = stack
        self.mailbox = mailbox
        self.user = user
        self.executions = Executions(cloud, stack.machines_by_kind, stack.machines_within)
        self.events = EventLog(cloud)
        self.stored = Stored(cloud, stack.bucket)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            stack=stack,
            read_only=self.read_only,
            pause=PAUSE_ON_AWS if self.read_only else PAUSE,
            tabs=[tab for tab in tabs if mailbox or not tab.local],
            address=address,
        )
        self._templates.filters.update(
            moment=show_moment,
            took=show_took,
            plain=show_plain,
            lines=show_lines,
            document=show_text,
            figure=format_figure,
        )

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed: anywhere but on the stand-in."""
        return not self.cloud.local

    def render(self, template: str, code: int = 200, **values: Any) -> Response:
        """A page from a template; ``now`` is there in each."""
        text = self._templates.get_template(template).render(now=datetime.now(UTC), **values)
        return HTMLResponse(text, code)

    def missing(self, what: str) -> Response:
        """The page that says that something is not there."""
        return self.render("message.html", 404, title="Not found", text=what, tab="")

    def trouble(self, error: GreenlightError) -> Response:
        """The page that says what did not work."""
        return self.render("message.html", 502, title="This did not work", text=str(error), tab="")


def posted(action: Callable[[Request, Mapping[str, str]], Response]) -> Callable[[Request], Any]:
    """An endpoint of ``action``, which gets a form's fields, in a thread, because services are waited for."""

    async def endpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_FORM:
                return Response("the form is too long\n", 413, media_type="text/plain")
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return await run_in_threadpool(action, request, fields)

    return endpoint


def address(*parts: str, **query: object) -> str:
    """An address of this console from its parts, each escaped; what of the query is empty is left out.

    >>> address("runs", "build", "a b", state="Train", page="")
    '/runs/build/a%20b?state=Train'
    """
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    asked = {name: value for name, value in query.items() if value not in ("", None)}
    return path + (f"?{urlencode(asked)}" if asked else "")


def show_moment(moment: datetime | None) -> str:
    """A time as all pages write it, empty where there is none."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def show_took(seconds: float) -> str:
    """A length of time as people read it; what is short in tenths of a second."""
    return f"{seconds:.1f} s" if seconds < 10 else format_seconds(seconds)


def show_text(text: str) -> str:
    """A JSON text laid out for a reader, any other text as it is; cut where it is too long for a page."""
    shown = show_lines(show_document(text))
    if len(shown) <= _LONGEST_TEXT:
        return shown
    return f"{shown[:_LONGEST_TEXT]}\n… the first {_LONGEST_TEXT:,} of {len(shown):,} characters"
