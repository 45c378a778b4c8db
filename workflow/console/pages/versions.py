"""The registered versions, and the report that each was judged by."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.site import Site, Tab
from workflow.console.versions import LISTED, Versions

TAB = Tab("Versions", "/versions")


def routes(site: Site) -> list[Route]:
    """The addresses of the registry."""
    versions = Versions(site.cloud, site.stack.package_group, site.stack.table)

    def show(_: Request) -> Response:
        found = versions.newest()
        names = list(dict.fromkeys(name for one in found for name in one.figures))
        places = {one.number: site.executions.place(one.run) for one in found}
        return site.render(
            "versions.html", tab=TAB.name, versions=found, figures=names, places=places, most=LISTED, live=False
        )

    def show_report(request: Request) -> Response:
        number = request.path_params["number"]
        found = versions.of(number)
        if found is None:
            raise HTTPException(404, f"There is no version {number} among the newest {LISTED}.")
        return site.show_page(found.report, f"The report of version {number}")

    return [Route(TAB.address, show), Route(f"{TAB.address}/{{number:int}}/report", show_report)]
