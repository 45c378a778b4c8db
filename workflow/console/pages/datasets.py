"""The datasets: what is in each, as a run found it, with the sheet of its pictures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.clients import CONNECTIONS
from workflow.console.datasets import SHEET, list_datasets, report_folder, with_report
from workflow.console.site import Site, Tab

TAB = Tab("Datasets", "/datasets")
RUNS = 100
"""Newest builds that are looked through for the data they used."""


def routes(site: Site) -> list[Route]:
    """The addresses of the datasets."""

    def show(_: Request) -> Response:
        builds = site.executions.describe_all(site.executions.newest("build")[:RUNS])
        with ThreadPoolExecutor(CONNECTIONS // 2) as at_once:
            found = list(at_once.map(lambda one: with_report(site.stored, one), list_datasets(site.stored, builds)))
        return site.render("datasets.html", tab=TAB.name, datasets=found, looked=RUNS)

    def show_sheet(request: Request) -> Response:
        content = site.stored.read(report_folder(request.path_params["run"]) + SHEET)
        return Response(content or b"", 404 if content is None else 200, media_type="image/jpeg")

    return [Route(TAB.address, show), Route(f"{TAB.address}/seen-by/{{run}}/sheet", show_sheet)]
