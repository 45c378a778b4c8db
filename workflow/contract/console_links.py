"""What a run left in the AWS console, each with a word for it: the links of mails and pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html import escape

from workflow.contract.console import ENDPOINT_LOGS, PROCESSING_LOGS, TRAINING_LOGS, TRANSFORM_LOGS, Console
from workflow.contract.reading import ContractError

WIDTH = 12

Links = tuple[tuple[str, str], ...]
"""Words, each with its address."""


@dataclass(frozen=True)
class Places:
    """What there is to lead to; what is empty is left out.

    ``execution`` is its ARN, ``report`` and ``data`` are S3 addresses, the others names.
    """

    execution: str = ""
    training_job: str = ""
    processing_job: str = ""
    transform_job: str = ""
    search: str = ""
    endpoint: str = ""
    report: str = ""
    data: str = ""
    dashboard: str = ""

    def links(self, console: Console | None) -> Links:
        """Words and addresses in a console; none where there is none, as on the stand-in."""
        return () if console is None else tuple(_list_links(self, console))


def _list_links(places: Places, console: Console) -> Iterator[tuple[str, str]]:
    if places.execution:
        yield "Execution", console.execution(places.execution)
    if places.training_job:
        yield "Training", console.training_job(places.training_job)
        yield "Its log", console.log(TRAINING_LOGS, places.training_job)
    if places.processing_job:
        yield "Job", console.processing_job(places.processing_job)
        yield "Its log", console.log(PROCESSING_LOGS, places.processing_job)
    if places.transform_job:
        yield "Job", console.transform_job(places.transform_job)
        yield "Its log", console.log(TRANSFORM_LOGS, places.transform_job)
    if places.search:
        yield "Search", console.search(places.search)
    if places.endpoint:
        yield "Endpoint", console.endpoint(places.endpoint)
        yield "Its log", console.log(f"{ENDPOINT_LOGS}/{places.endpoint}")
    for word, uri in (("Report", places.report), ("Data", places.data)):
        # Where an address cannot be read, a mail goes without it: a notice is better incomplete than missing.
        with suppress(ContractError):
            if uri:
                yield word, console.stored(uri)
    if places.dashboard:
        yield "Dashboard", console.dashboard(places.dashboard)


def write_links(links: Links) -> list[str]:
    """The last lines of a mail; none where there are no links."""
    if not links:
        return []
    return ["", "In the AWS console:", *(f"{word:<{WIDTH}}{address}" for word, address in links)]


def render_links(links: Links, target: str = "_blank") -> str:
    """One line of HTML; empty where there are no links. They open beside the page, of which they are told nothing."""
    if not links:
        return ""
    anchors = " · ".join(
        f'<a href="{escape(address)}" target="{target}" rel="noopener noreferrer">{escape(word)}</a>'
        for word, address in links
    )
    return f"<p>In the AWS console: {anchors}</p>"
